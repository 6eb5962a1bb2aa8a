import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, serverOrSkip } from './processes.ts'

const MASTER = findProgram('master', ['/usr/lib/postfix/sbin', '/usr/libexec/postfix'])

/** Whether a real Postfix can be started here: its master runs as root alone. Says so when not. */
export const havePostfix = (): boolean => serverOrSkip('postfix (which root alone can start)', process.getuid?.() === 0 ? MASTER : null)

/** A port of it, by lines as in main.cf that hold there alone: `smtpd_tls_wrappermode=yes`. */
export type Doors<Name extends string> = Readonly<Record<Name, readonly string[]>>

export interface PostfixServer<Name extends string> {
  port(door: Name): number
  /** What it wrote down so far. */
  log(): string
  /** Files in its queue: mail that it has taken. */
  queued(): readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Lines of a door that offers STARTTLS. */
export const withTls = ({ cert, key }: { readonly cert: string; readonly key: string }): readonly string[] => [
  'smtpd_tls_security_level=may',
  `smtpd_tls_cert_file=${cert}`,
  `smtpd_tls_key_file=${key}`,
]

const SERVICES = `
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n - 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
verify unix - - n - 1 verify
`
/** What takes mail in and would send it out; the last two are for programs of users. */
const QUEUES = ['incoming', 'active', 'deferred', 'corrupt', 'hold', 'maildrop']
const FOLDERS = [...QUEUES, 'bounce', 'defer', 'flush', 'saved', 'trace', 'private', 'public', 'pid']

/**
 * A real Postfix on free ports of 127.0.0.1 that delivers nothing: no service of it sends. It relays for nobody, and takes mail for example.test.
 * Takes two seconds, so one serves many tests by its doors.
 */
export async function startPostfix<Name extends string>(doors: Doors<Name>): Promise<PostfixServer<Name>> {
  if (MASTER === null) throw new Error('postfix is not installed')
  const folder = mkdtempSync('/tmp/att-mx-')
  chmodSync(folder, 0o755)
  const at = (...names: readonly string[]) => join(folder, ...names)
  const owner = idOf('/etc/passwd', 'postfix')
  for (const each of ['etc', 'queue', 'data', ...FOLDERS.map((queue) => join('queue', queue))]) mkdirSync(at(each), { mode: 0o755 })
  chownSync(at('data'), owner, 0)
  for (const each of FOLDERS.filter((queue) => queue !== 'pid')) chownSync(at('queue', each), owner, 0)
  chownSync(at('queue', 'public'), owner, idOf('/etc/group', 'postdrop'))
  chmodSync(at('queue', 'public'), 0o710)
  chmodSync(at('queue', 'private'), 0o700)
  const main = [
    'compatibility_level=3.6',
    ...[`config_directory=${at('etc')}`, `queue_directory=${at('queue')}`, `data_directory=${at('data')}`],
    ...['inet_interfaces=127.0.0.1', 'inet_protocols=ipv4', 'myhostname=mail.example.test', 'mydestination=example.test', 'mynetworks='],
    ...['local_recipient_maps=', 'alias_maps=', 'alias_database=', 'local_transport=discard', 'default_transport=discard'],
    ...[`maillog_file=${at('log')}`, 'maillog_file_prefixes=/tmp', 'smtpd_peername_lookup=no', 'in_flow_delay=0s'],
  ]
  writeFileSync(at('etc', 'main.cf'), `${main.join('\n')}\n`)
  const ports = new Map<string, number>()
  const lines: string[] = []
  for (const [name, settings] of Object.entries<readonly string[]>(doors)) {
    const port = await freePort()
    ports.set(name, port)
    const options = settings.map((setting) => ` -o { ${setting.replace('=', ' = ')} }`).join('')
    lines.push(`127.0.0.1:${port} inet n - n - - smtpd${options}`)
  }
  writeFileSync(at('etc', 'master.cf'), `${lines.join('\n')}\n${SERVICES}`)
  const portOf = (door: string): number => ports.get(door) ?? 0
  const log = () => textOf(at('log'))
  const child = spawn(MASTER, ['-c', at('etc'), '-d'], { stdio: 'ignore' })
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`Postfix ended with ${code}: ${log().slice(-2_000)}`)))
  })
  ended.catch(() => {})
  await Promise.race([eventually('Postfix listening', async () => void (await Promise.all([...ports.values()].map(reached)))), ended])
  return {
    port: portOf,
    log,
    queued: () => QUEUES.flatMap((queue) => filesIn(at('queue', queue))),
    [Symbol.asyncDispose]: async () => {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const stop = (child: ChildProcess): Promise<void> => end(child)

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))

function idOf(file: string, name: string): number {
  const line = textOf(file)
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new Error(`there is no ${name} in ${file}`)
  return Number(line.split(':')[2])
}

/** Connects and hangs up, without waiting for the greeting. */
function reached(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.on('error', reject)
    socket.on('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}
