import { createHash } from 'node:crypto'
import type { Secret } from '../../../domain/secret.ts'
import { NetError } from '../../../net/bounded.ts'
import type { Exchange } from '../../../net/lines.ts'
import { Bytes, withLength } from './bytes.ts'
import { CAN, type Greeting, readError, ServerRefused } from './greeting.ts'
import type { Packets } from './packets.ts'

/** What a listener on the way can read: everything; nothing, unless it is a false server; nothing at all. Nobody listens on a socket of this machine. */
export type Channel = 'plain' | 'encrypted' | 'verified' | 'socket'

export interface Login {
  readonly user: string
  readonly password: Secret | null
  readonly channel: Channel
}

/** The server wants a login that we do not go: what it asks for would tell the password, or we do not speak it. */
export class LoginImpossible extends Error {
  override readonly name = 'LoginImpossible'
  readonly code: 'auth-plain' | 'auth-cleartext' | 'auth-method'
  readonly plugin: string

  constructor(code: LoginImpossible['code'], plugin: string) {
    super(code)
    this.code = code
    this.plugin = plugin
  }
}

/** What we say that we can. LOCAL INFILE is not among it: a server that asks for a file of ours is none. */
const OURS = CAN.longPassword | CAN.protocol41 | CAN.transactions | CAN.secureConnection | CAN.pluginAuth
const UTF8MB4 = 45
const ANSWER_MAX = 0xffffff
/** Honest servers need three. */
const ROUNDS_MAX = 6

/** Asks for TLS: the server says nothing to it, and listens for the handshake. */
export function askForTls(packets: Packets, { can }: Greeting): void {
  packets.send(head(capabilities(can) | CAN.tls))
}

const capabilities = (theirs: number): number => OURS | (theirs & (CAN.attributes | CAN.lengthEncodedAuth))

function head(flags: number): Buffer {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32LE(flags >>> 0, 0)
  bytes.writeUInt32LE(ANSWER_MAX, 4)
  bytes.writeUInt8(UTF8MB4, 8)
  return bytes
}

/**
 * Logs in without choosing a database, and answers by which way. The password is mixed with what the server said, or goes inside TLS; in clear
 * text (mysql_clear_password) to a server whose certificate was verified, or over a socket, and to no other. Throws ServerRefused, LoginImpossible, NetError.
 */
export async function logIn(
  packets: Packets,
  greeting: Greeting,
  { login, exchange }: { readonly login: Login; readonly exchange: Exchange },
): Promise<string> {
  let plugin = Object.hasOwn(SCRAMBLES, greeting.plugin) ? greeting.plugin : 'mysql_native_password'
  packets.send(response(greeting, login, plugin))
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const payload = await packets.next(exchange)
    switch (payload[0]) {
      case 0x00:
        return plugin
      case 0xff:
        throw new ServerRefused(readError(payload))
      case 0xfe: {
        if (payload.length === 1) throw new LoginImpossible('auth-method', 'mysql_old_password')
        const bytes = new Bytes(payload, 1)
        plugin = bytes.upToNul().toString('latin1')
        packets.send(switched(plugin, bytes.rest(), login))
        break
      }
      case 0x01:
        answerMore(packets, payload, { plugin, login })
        break
      default:
        throw new NetError('talk', 'protocol')
    }
  }
  throw new NetError('talk', 'protocol')
}

function response({ can, nonce }: Greeting, login: Login, plugin: string): Buffer {
  const isTls = login.channel === 'encrypted' || login.channel === 'verified'
  const flags = capabilities(can) | (isTls ? CAN.tls : 0)
  const answer = SCRAMBLES[plugin]?.(login.password, nonce) ?? Buffer.alloc(0)
  return Buffer.concat([
    head(flags),
    nulEnded(login.user),
    withLength(answer),
    nulEnded(plugin),
    ...(flags & CAN.attributes ? [withLength(attributes({ _client_name: 'attach', program_name: 'attach' }))] : []),
  ])
}

const nulEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

const attributes = (pairs: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(pairs).flatMap(([name, value]) => [withLength(Buffer.from(name)), withLength(Buffer.from(value))]))

/** The server asks for another way of login than the one it greeted with. */
function switched(plugin: string, data: Buffer, { password, channel }: Login): Buffer {
  const scramble = SCRAMBLES[plugin]
  if (scramble !== undefined) {
    const nonce = data.subarray(0, 20)
    if (nonce.length !== 20) throw new NetError('talk', 'protocol')
    return scramble(password, nonce)
  }
  if (plugin === 'mysql_clear_password' && (channel === 'verified' || channel === 'socket')) return nulEnded(password?.reveal() ?? '')
  if (plugin === 'mysql_clear_password') throw new LoginImpossible('auth-cleartext', plugin)
  if (plugin === 'sha256_password' && channel !== 'plain') return nulEnded(password?.reveal() ?? '')
  if (plugin === 'sha256_password') throw new LoginImpossible('auth-plain', plugin)
  // Nothing is said: the server knows its user by the socket.
  if (plugin === 'auth_socket' || plugin === 'unix_socket') return Buffer.alloc(0)
  throw new LoginImpossible('auth-method', /^[\w-]{1,64}$/.test(plugin) ? plugin : 'unknown')
}

const FAST_OK = 3
const FULL = 4

/** caching_sha2_password: the server remembers us, or wants the password itself. Its public key is not asked for: anybody on the way could send one. */
function answerMore(packets: Packets, payload: Buffer, { plugin, login }: { readonly plugin: string; readonly login: Login }): void {
  if (plugin !== 'caching_sha2_password' || payload.length !== 2) throw new NetError('talk', 'protocol')
  if (payload[1] === FAST_OK) return
  if (payload[1] !== FULL) throw new NetError('talk', 'protocol')
  if (login.channel === 'plain') throw new LoginImpossible('auth-plain', plugin)
  packets.send(nulEnded(login.password?.reveal() ?? ''))
}

type Scramble = (password: Secret | null, nonce: Buffer) => Buffer

const hash = (name: 'sha1' | 'sha256', ...parts: readonly Buffer[]): Buffer =>
  parts.reduce((hashing, part) => hashing.update(part), createHash(name)).digest()

const xor = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))

/** Ways in which the password does not leave this machine. */
const SCRAMBLES: Readonly<Record<string, Scramble>> = {
  // https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html
  mysql_native_password: (password, nonce) => {
    if (password === null) return Buffer.alloc(0)
    const once = hash('sha1', Buffer.from(password.reveal()))
    return xor(once, hash('sha1', nonce, hash('sha1', once)))
  },
  // https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
  caching_sha2_password: (password, nonce) => {
    if (password === null) return Buffer.alloc(0)
    const once = hash('sha256', Buffer.from(password.reveal()))
    return xor(once, hash('sha256', hash('sha256', once), nonce))
  },
}
