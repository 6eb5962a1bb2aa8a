import { resolve } from 'node:path'
import type { Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import type { Captured } from '../ports/host.ts'
import type { Located } from './command.ts'
import { DEFAULTS, seconds } from './defaults.ts'
import { isPlain } from './line.ts'
import type { Session } from './session.ts'
import type { Giving } from './words.ts'

/** The longest value that is read, in bytes. */
export const VALUE_BYTES_MAX = 1024 * 1024

/** What of a command decides how its values are fetched. */
export interface Fetching extends Pick<Located, 'directory' | 'timeoutMs'> {
  readonly verb: Giving
  readonly raw: boolean
  /** Milliseconds for one value, where there is no --timeout. Default: DEFAULTS.sourceMs. */
  readonly boundMs?: number
}

type Fetcher = Pick<Session, 'host' | 'signal' | 'reporter'>

/** What stands in a file or comes through a pipe. A relative path begins in the directory of -C. Throws USAGE, REFUSED, INTERRUPTED. */
export async function fileValue(key: Key, path: string, how: Fetching, session: Fetcher): Promise<Secret> {
  const what = isPlain(path) ? `${path}, the file for ${key},` : `the file for ${key}`
  const bound = boundOf(how, session)
  try {
    const taken = await session.host.readToEnd(resolve(directoryOf(how, session), path), VALUE_BYTES_MAX, bound.signal)
    if ('refused' in taken) throw useless(key, how, `${what} ${taken.refused}`)
    return valueIn(taken.bytes, { raw: how.raw, what })
  } catch (error) {
    const passed = bound.passed()
    throw passed === null ? error : late(`${what} did not come to its end`, passed)
  }
}

/** What a shell command prints. It has the environment of the caller, and its errors are shown. Throws USAGE, REFUSED, INTERRUPTED. */
export async function commandValue(
  key: Key,
  run: Secret,
  how: Fetching,
  learn: (value: Secret) => void,
  session: Fetcher,
): Promise<Secret> {
  const { host } = session
  const bound = boundOf(how, session)
  const errors = errorsOf(session)
  const { ended, output } = await host.capture({
    run: run.reveal(),
    env: host.inherited,
    cwd: directoryOf(how, session),
    limit: VALUE_BYTES_MAX,
    onLine: errors.say,
    signal: bound.signal,
  })
  for (const part of partsOf(output)) learn(new Secret(part))
  errors.end()
  const what = `the command for ${key}`
  if (ended.by === 'stopped') {
    const passed = bound.passed()
    if (passed !== null) throw late(`${what} did not end`, passed)
    throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
  }
  if (ended.by !== 'exit' || ended.code !== 0) throw useless(key, how, `${what} ${endText(ended)}`)
  return valueIn(output, { raw: how.raw, what: `what ${what} printed` })
}

/** One final line end goes, unless it was asked for. Throws USAGE on what is no UTF-8 text. `what`: where the bytes come from. */
export function valueIn(bytes: Uint8Array, { raw, what }: { readonly raw: boolean; readonly what: string }): Secret {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new AttachError('USAGE', `${what} is not UTF-8 text; nothing was contacted`, { hint: 'iconv -t UTF-8 makes it so' })
  }
  if (text.includes('\0'))
    throw new AttachError('USAGE', `${what} holds a NUL byte, and is no text; nothing was contacted`, { hint: 'tr -d "\\0"' })
  return new Secret(raw ? text : text.replace(/\r?\n$/, ''))
}

/** The command that asks for the value of a key. */
export const commandFor = (key: Key, { verb }: Pick<Fetching, 'verb'>): string =>
  `${verb === 'attach' ? 'attach' : `attach ${verb}`} ${isPlain(key) ? key : 'KEY'}`

/** What of an output is kept from being shown: all of it, and each of its first lines, which its errors may quote. */
function partsOf(output: Uint8Array): ReadonlySet<string> {
  const text = Buffer.from(output).toString().trimEnd()
  const parts = [text, ...text.split('\n', LINES_LEARNT)].map((part) => part.trim())
  return new Set(parts.filter((part) => part !== ''))
}

const LINES_LEARNT = 100
/** How much of its standard error is shown, in characters. */
const SHOWN_MAX = 64 * 1024

/**
 * Its errors, line by line. On a terminal at once: somebody waits there. Elsewhere when it has ended: a log keeps what it is told, and by then all that
 * it printed is known and taken out.
 */
function errorsOf({ host, reporter }: Fetcher): { say(line: string): void; end(): void } {
  const waiting: string[] = []
  let room = SHOWN_MAX
  const show = (line: string): void => reporter.event({ type: 'output', from: 'command', line })
  const tell = (line: string): void => void (host.stderr.isTerminal ? show(line) : waiting.push(line))
  return {
    say: (line) => {
      if (room < 0) return
      room -= line.length + 1
      tell(room < 0 ? '… and more, which is not shown' : line)
    },
    end: () => {
      for (const line of waiting.splice(0)) show(line)
    },
  }
}

function endText(ended: Captured['ended']): string {
  switch (ended.by) {
    case 'exit':
      return `ended with exit ${ended.code}, and what it printed is not used`
    case 'signal':
      return `was ended by ${ended.signal}, and what it printed is not used`
    case 'full':
      return `printed more than ${VALUE_BYTES_MAX} bytes`
    default:
      return 'could not be run'
  }
}

const directoryOf = ({ directory }: Fetching, { host }: Fetcher): string => resolve(host.cwd, directory ?? '.')

/** `--timeout` in the place of the usual bound, which then may pass later or sooner. */
function boundOf({ timeoutMs, boundMs = DEFAULTS.sourceMs }: Fetching, { signal }: Fetcher): Bound {
  if (timeoutMs !== null) return { signal, passed: () => null }
  const usual = AbortSignal.timeout(boundMs)
  return { signal: AbortSignal.any([signal, usual]), passed: () => (usual.aborted && !signal.aborted ? seconds(boundMs) : null) }
}

interface Bound {
  readonly signal: AbortSignal
  /** The usual bound, in words, when it is what ended the wait. */
  passed(): string | null
}

const late = (what: string, bound: string): AttachError =>
  new AttachError('REFUSED', `${what} within ${bound}; nothing was changed`, { hint: '--timeout 5m gives it longer' })

const useless = (key: Key, how: Pick<Fetching, 'verb'>, why: string): AttachError =>
  new AttachError('USAGE', `${why}; nothing was contacted`, { hint: `${commandFor(key, how)}=- reads it from stdin` })
