import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { TlsMode } from '../domain/handle.ts'
import { bounded, codeOf, NetError } from './bounded.ts'

/** What a handle says about certificates, read from its files. */
export interface Trust {
  /** PEM. Absent: the authorities that Node knows. */
  readonly ca?: readonly string[]
  /** PEM of the client's own certificate. */
  readonly cert?: string
  readonly key?: string
}

export interface Secured {
  readonly socket: TLSSocket
  readonly protocol: string
  readonly cipher: string
  /** Chain and host name were checked and hold. */
  readonly verified: boolean
  /** Why it does not hold. `null` when it does. */
  readonly problem: string | null
  /** ISO 8601. */
  readonly expires?: string
}

export interface UpgradeOptions {
  readonly mode: Exclude<TlsMode, 'disable'>
  readonly host: string
  readonly trust: Trust
  /** ALPN, where the protocol asks for it. */
  readonly alpn?: string
  readonly ms: number
  readonly signal: AbortSignal
}

/**
 * Speaks TLS over an open socket. The certificate is always judged by us, never left to an option or to the environment
 * (NODE_TLS_REJECT_UNAUTHORIZED): `verify-ca` holds when the chain does, `verify-full` when the host name does as well; `prefer` and `require`
 * go on in any case and say what they saw. TLS 1.2 at least, as libpq. Throws NetError at `secure`, with the code of the problem.
 */
export async function upgrade(plain: Socket, options: UpgradeOptions): Promise<Secured> {
  const { mode, host } = options
  const socket = await handshake(plain, options)
  const chainProblem = socket.authorized ? null : problemCode(socket.authorizationError)
  const nameProblem = hostProblem(host, socket.getPeerCertificate())
  const fatal = mode === 'verify-full' ? (chainProblem ?? nameProblem) : mode === 'verify-ca' ? chainProblem : null
  if (fatal !== null) {
    socket.destroy()
    throw new NetError('secure', fatal)
  }
  const problem = chainProblem ?? nameProblem
  const expires = expiry(socket.getPeerCertificate())
  return {
    socket,
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    verified: problem === null,
    problem,
    ...(expires === null ? {} : { expires }),
  }
}

function handshake(plain: Socket, { host, trust, alpn, ms, signal }: UpgradeOptions): Promise<TLSSocket> {
  return bounded<TLSSocket>({ at: 'secure', ms, signal }, (done, fail) => {
    const socket = connect({
      socket: plain,
      ...(isIP(host) === 0 && !host.startsWith('/') ? { servername: host } : {}),
      ...(trust.ca === undefined ? {} : { ca: [...trust.ca] }),
      ...(trust.cert === undefined ? {} : { cert: trust.cert }),
      ...(trust.key === undefined ? {} : { key: trust.key }),
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    const onClose = () => fail(new NetError('secure', 'closed'))
    plain.once('close', onClose)
    socket.once('close', onClose)
    socket.on('error', (error) => fail(new NetError('secure', codeOf(error))))
    socket.once('secureConnect', () => {
      socket.pause()
      done(socket)
    })
    return () => {
      plain.off('close', onClose)
      socket.off('close', onClose)
    }
  })
}

const problemCode = (error: Error | string | undefined): string =>
  typeof error === 'string' ? (/^[A-Z0-9_]{1,64}$/.test(error) ? error : 'CERT_UNTRUSTED') : codeOf(error)

function hostProblem(host: string, certificate: PeerCertificate): string | null {
  try {
    return checkServerIdentity(host, certificate) === undefined ? null : 'ERR_TLS_CERT_ALTNAME_INVALID'
  } catch {
    return 'ERR_TLS_CERT_ALTNAME_INVALID'
  }
}

function expiry({ valid_to }: PeerCertificate): string | null {
  const time = Date.parse(valid_to)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}
