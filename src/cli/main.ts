import process from 'node:process'
import type { Document } from '../domain/document.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { printable, printableData, type Redactor } from '../domain/redact.ts'
import { processHost } from '../host/process-host.ts'
import type { Host, Output } from '../ports/host.ts'
import { documentText, eventText } from '../reporters/human.ts'
import { jsonText } from '../reporters/json.ts'
import { coloured, type Paint, PLAIN } from '../reporters/paint.ts'
import type { Command, Speaking } from './command.ts'
import { alone } from './commands/alone.ts'
import { change } from './commands/change.ts'
import { exec } from './commands/exec.ts'
import { help } from './commands/help.ts'
import { log } from './commands/log.ts'
import { probeAll } from './commands/probe.ts'
import { recoverOpen } from './commands/recover.ts'
import { status } from './commands/status.ts'
import { DEFAULTS } from './defaults.ts'
import { exitOf, outcomeOf } from './exits.ts'
import { asksJson, type Line, setAside, understand } from './grammar.ts'
import { lastWords, openSession, placed, type Said, type Session } from './session.ts'
import { version } from './version.ts'
import { keysAt, usualKey } from './world.ts'

/** From the command line to the exit number. The only place that catches everything, and the only one that ends the process. */
export async function main(binary: 'attach' | 'detach'): Promise<void> {
  const host = processHost()
  const argv = process.argv.slice(2)
  keepQuiet(host)
  process.exit(await run(binary, argv, host))
}

/** Drivers and Node print secrets when they are asked to debug or to report. */
function keepQuiet(host: Host): void {
  if (process.env['NODE_DEBUG'] !== undefined) process.stderr.write = () => true // Node tells there what it spawns, environment and all. We never write so.
  for (const name of ['DEBUG', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'LOG_TOKENS', 'LOG_STREAM']) delete process.env[name]
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:2' // A silent name server would hold the end of the process up for half a minute.
  process.report.reportOnUncaughtException = false
  process.report.reportOnFatalError = false
  process.report.reportOnSignal = false
  const crash = (error: unknown): never => {
    process.exit(lastWords(bugOf(error), undefined, host, speakingOf(process.argv.slice(2))))
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  process.on('beforeExit', () => crash(new Error('the command ended before it was done')))
}

async function run(binary: 'attach' | 'detach', argv: readonly string[], host: Host): Promise<number> {
  let command: Command
  try {
    const line = setAside(argv)
    command = await understood(line, binary, host)
  } catch (error) {
    return await report(await sessionFor('attach', host, speakingOf(argv)), null, failed(error, null, null))
  }
  if (command.verb === 'version' && !command.json) {
    host.stdout.write(`${version()}\n`)
    return 0
  }
  const session = await sessionFor(verbOf(command), host, command)
  // The time of `wait` is that of what it waits for: it says itself what is missing when that has passed.
  const timeoutMs = 'timeoutMs' in command && command.verb !== 'wait' ? (command.timeoutMs ?? usualTimeout(command, session)) : null
  if (timeoutMs !== null) session.stop.after(timeoutMs)
  try {
    return await report(session, command, await perform(command, session))
  } catch (error) {
    return await report(session, command, failed(error, command, session))
  }
}

/** Null: each step has a bound of its own. */
function usualTimeout({ verb }: Command, { interactive }: Session): number | null {
  if (verb !== 'failover') return null
  return interactive ? DEFAULTS.failoverOnTerminalMs : DEFAULTS.failoverMs
}

/** The keys of the config are looked up only for a line that cannot be understood without them. */
async function understood(line: Line, binary: 'attach' | 'detach', host: Host): Promise<Command> {
  try {
    return understand(line, { binary, keys: () => raise(new KeysNeeded()), usualKey })
  } catch (error) {
    if (!(error instanceof KeysNeeded)) throw error
  }
  const keys = await keysAt(line, host)
  return understand(line, { binary, keys: () => keys, usualKey })
}

class KeysNeeded extends Error {}

function raise(error: Error): never {
  throw error
}

async function perform(command: Command, session: Session): Promise<Said> {
  switch (command.verb) {
    case 'attach':
    case 'swap':
    case 'failover':
    case 'detach':
    case 'rollback':
    case 'undo':
      return await change(command, session)
    case 'status':
      return await status(command, session)
    case 'probe':
      return await probeAll(command, session)
    case 'wait':
      return await (await import('./commands/wait.ts')).wait(command, session)
    case 'compare':
      return await (await import('./commands/compare.ts')).compare(command, session)
    case 'log':
      return await log(command, session)
    case 'recover':
      return await recoverOpen(command, session)
    case 'exec':
      return await exec(command, session)
    case 'where':
      return await (await import('./commands/where.ts')).where(command, session)
    case 'init':
      return await (await import('./commands/init.ts')).init(command, session)
    case 'help':
      return help(command, session)
    case 'version':
      return { exit: 0, outcome: 'unchanged', message: version() }
    case 'alone':
      return await alone(command, session)
  }
}

/** As documents name it: `attach` alone is attach. */
const verbOf = ({ verb }: Command): string => (verb === 'alone' ? 'attach' : verb)

async function sessionFor(verb: string, host: Host, speaking: Speaking): Promise<Session> {
  const paint = await paintFor(host.stderr, speaking, host)
  const detail = speaking.verbose ? 'more' : 'usual'
  return openSession(verb, host, speaking, paint, (event) => eventText(event, { paint, detail, options: [] }))
}

async function paintFor(output: Output, { color, json }: Speaking, { env }: Host): Promise<Paint> {
  const wantsColour = color && !json && output.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return wantsColour ? await coloured() : PLAIN
}

type Failed = Said & Pick<Document, 'error'>

function failed(thrown: unknown, command: Command | null, session: Session | null): Failed {
  const error = meantBy(isAttachError(thrown) ? thrown : bugOf(thrown), session)
  const signal = session?.stop.signal ?? undefined
  return {
    exit: exitOf(error, { signal }),
    outcome: outcomeOf(error, command?.verb ?? null),
    changes: error.code === 'INCOMPLETE' ? (session?.place.changes ?? []) : [], // What was begun, and is not ended.
    error: { code: error.code, message: error.message, hint: error.hint ?? 'run the command again' },
  }
}

/** An operation that was stopped because its time passed was refused, not interrupted. */
function meantBy(error: AttachError, session: Session | null): AttachError {
  const reason: unknown = session?.signal.reason
  return error.code === 'INTERRUPTED' && isAttachError(reason, 'REFUSED') ? reason : error
}

/** What is not ours is never printed: it may hold anything. */
function bugOf(thrown: unknown): AttachError {
  const name = thrown instanceof Error && /^[A-Za-z]{1,40}$/.test(thrown.name) ? thrown.name : 'something'
  const place = thrown instanceof Error ? /\/((?:[\w-]+\/)?[\w-]+\.[cm]?[jt]s:\d+)/.exec(thrown.stack ?? '')?.[1] : undefined
  return new AttachError('BUG', `a bug of ours: ${name}${place === undefined ? '' : ` at ${place}`}; the deploy may have been changed`, {
    hint: 'attach status',
  })
}

async function report(session: Session, command: Command | null, { remarks = [], ...said }: Said & Partial<Failed>): Promise<number> {
  const { host, redactor, heard, speaking } = session
  session.stop.end() // The result stands: a signal changes nothing about it.
  const reveals = command !== null && 'reveal' in command && command.reveal
  const { message, error: wrong = null, ...data } = said
  const placedError = wrong === null ? null : { ...wrong, hint: wrong.hint === null ? null : placed(wrong.hint, session.place.options) }
  const document: Document = {
    schema: 'attach/1',
    verb: session.place.verb,
    deploy: session.place.name,
    release: null,
    changes: [],
    findings: heard.findings,
    warnings: [...heard.warnings, ...remarks],
    undo: null,
    error: printableData(placedError),
    ...(heard.probes.length > 0 ? { probes: heard.probes } : {}),
    ...(heard.candidates.length > 0 ? { candidates: heard.candidates } : {}),
    ...(reveals && speaking.json ? data : printableData(data)),
    ...(message === undefined ? {} : { message: printable(message) }),
  }
  if (speaking.json) {
    const output = command?.verb === 'wait' && command.program !== null ? host.stderr : host.stdout // Its stdout is that of the command.
    output.write(jsonText(reveals ? document : redacted(document, redactor)))
    return document.exit
  }
  const detail = speaking.verbose ? 'more' : 'usual'
  const [onOut, onErr] = [await paintFor(host.stdout, speaking, host), session.paint]
  const options = session.place.options
  const { result, undo } = documentText(document, { paint: onOut, detail, options })
  const { error } = documentText(document, { paint: onErr, detail, options })
  const safe = (text: string): string => (reveals ? text : redactor.redact(text))
  host.stdout.write(safe(result))
  if (!speaking.quiet) host.stderr.write(redactor.redact(remarks.map(({ message }) => `  ${message}\n`).join('')))
  host.stdout.write(undo)
  host.stderr.write(redactor.redact(error))
  return document.exit
}

/** Texts that are one of our own words by their place: a password that is the same word stays unseen among them. */
const OURS: ReadonlySet<string> = new Set([
  'schema',
  'verb',
  'outcome',
  'code',
  'kind',
  'status',
  'severity',
  'id',
  'verdict',
  'settled',
  'depth',
  'failedAt',
  'class',
  'role',
  'side',
  'scheme',
  'tls',
  'product',
  'undo',
  'owner',
])

/** A document without any secret that a server or a file may have brought into it. Its names and our own words stay. */
function redacted(document: Document, redactor: Redactor): Document {
  const clean = (data: unknown): unknown => {
    if (typeof data === 'string') return redactor.redact(data)
    if (Array.isArray(data)) return data.map(clean)
    if (typeof data !== 'object' || data === null) return data
    return Object.fromEntries(Object.entries(data).map(([name, part]) => [name, OURS.has(name) ? part : clean(part)]))
  }
  return { ...document, ...(clean(document) as Document) } // The same shape: only texts in it differ.
}

/** How to speak when the command line was not understood. */
const speakingOf = (argv: readonly string[]): Speaking => ({
  json: asksJson(argv),
  quiet: false,
  verbose: false,
  color: true,
  input: false,
})
