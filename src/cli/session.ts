import { type Deploy, locate } from '../deploys/locate.ts'
import type { CandidateRow } from '../domain/candidate.ts'
import type { Document, ProbeRow, StepRow, Warning } from '../domain/document.ts'
import { AttachError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { Finding, KeyedFinding } from '../domain/finding.ts'
import type { Shown } from '../domain/operation.ts'
import { printableData, Redactor } from '../domain/redact.ts'
import { shellWord } from '../domain/shell.ts'
import type { Host, StopSignal } from '../ports/host.ts'
import type { Reporter } from '../ports/reporter.ts'
import { jsonText } from '../reporters/json.ts'
import type { Paint } from '../reporters/paint.ts'
import type { Located, Speaking } from './command.ts'
import { exitOf, outcomeOf } from './exits.ts'

/** What one command has to say when it is done; main adds the rest of the document. */
export type Said = Partial<
  Pick<
    Document,
    'deploy' | 'release' | 'changes' | 'undo' | 'attachments' | 'releases' | 'open' | 'edited' | 'settling' | 'unsettled' | 'message'
  >
> &
  Pick<Document, 'exit' | 'outcome'> & {
    readonly error?: Document['error']
    /** What is worth knowing once the result is said. */
    readonly remarks?: readonly Warning[]
  }

/** One run of the program: the host, how to speak, and what may stop it. */
export interface Session {
  readonly host: Host
  readonly speaking: Speaking
  readonly paint: Paint
  readonly reporter: Reporter
  readonly redactor: Redactor
  /** Aborts on a signal and when `--timeout` passes. */
  readonly signal: AbortSignal
  /** Questions may be asked: stdin and stderr are terminals, and nobody said --no-input. */
  readonly interactive: boolean
  readonly stop: Stop
  readonly heard: Heard
  /** The deploy of this run, once it is known, and the options that lead to it: hints repeat them. */
  readonly place: { verb: string; name: string | null; options: readonly string[]; changes: readonly Shown[] }
}

/** The commands of a text, each with the options that lead to this deploy: what is printed runs as it stands. */
export function placed(text: string, options: readonly string[]): string {
  if (options.length === 0) return text
  return text.replace(RUNNABLE, (command) => [command, ...options.map(shellWord)].join(' '))
}

const RUNNABLE =
  /\battach (?:recover --keep|recover|status|log|rollback v\d+|undo v\d+|(?:swap|failover|detach|probe|compare) [A-Za-z_]\w*(?:=-)?|[A-Z_][A-Z0-9_]*(?:=-)?)(?![\w=-])/g

function placedEvent(event: Event, options: readonly string[]): Event {
  const mending = <F extends Finding>(finding: F): F =>
    finding.remedy === undefined ? finding : { ...finding, remedy: placed(finding.remedy, options) }
  switch (event.type) {
    case 'note':
    case 'recovered':
      return { ...event, message: placed(event.message, options) }
    case 'judged':
      return { ...event, findings: event.findings.map(mending) }
    case 'found':
      return { ...event, finding: mending(event.finding) }
    case 'candidates':
      return { ...event, candidates: event.candidates.map((row) => ({ ...row, findings: row.findings.map(mending) })) }
    default:
      return event
  }
}

/** The deploy that a command works on. From here on hints lead to it, and the document names it. */
export async function placeOf(command: Located, { host, place }: Session): Promise<Deploy> {
  const deploy = await locate(command.where, host.cwd, command.directory)
  place.name = deploy.name
  place.options = deploy.options
  return deploy
}

/** What was reported while a command ran, for its document. */
export interface Heard {
  readonly warnings: Warning[]
  readonly findings: KeyedFinding[]
  readonly probes: ProbeRow[]
  readonly candidates: CandidateRow[]
  /** Hook and health, in the order they were run. */
  readonly steps: StepRow[]
}

/** Why and whether a run is to stop. */
export interface Stop {
  /** From here on a lost terminal does not stop the operation. */
  begin(): void
  /** From here on the result stands, and signals are ignored. */
  end(): void
  readonly signal: StopSignal | null
  after(timeoutMs: number): void
}

export function openSession(verb: string, host: Host, speaking: Speaking, paint: Paint, eventText: (event: Event) => string): Session {
  const redactor = new Redactor()
  const heard: Heard = { warnings: [], findings: [], probes: [], candidates: [], steps: [] }
  const place: Session['place'] = { verb, name: null, options: [], changes: [] }
  const say = (event: Event): void => {
    const isOfError = event.type === 'note' && event.code.startsWith('operation.') // It belongs to the error: -q does not silence it.
    if (!speaking.json && (isOfError || !speaking.quiet)) host.stderr.write(redactor.redact(eventText(event)))
  }
  const controller = new AbortController()
  return {
    host,
    speaking,
    paint,
    redactor,
    heard,
    place,
    signal: controller.signal,
    interactive: speaking.input && !speaking.json && host.stdin.isTerminal && host.stderr.isTerminal,
    stop: listen(host, speaking, controller, place),
    reporter: {
      event: (said) => {
        const event = placedEvent(printableData(said), place.options)
        hear(event, heard)
        say(event)
      },
    },
  }
}

function hear(event: Event, heard: Heard): void {
  if (event.type === 'note' || event.type === 'detail') heard.warnings.push({ code: event.code, message: event.message })
  if (event.type === 'recovered') heard.warnings.push({ code: 'journal.recovered', message: event.message })
  if (event.type === 'probed') {
    const { key, kind, identity, side, report } = event
    heard.probes.push({ key, kind, identity, side, report })
  }
  if (event.type === 'candidates') heard.candidates.push(...event.candidates)
  if (event.type === 'settled') {
    const { step, stands, why, ms } = event
    heard.steps.push({ step, stands, why, ms })
  }
  if (event.type === 'judged') heard.findings.push(...event.findings.map((finding) => ({ ...finding, key: event.key })))
  if (event.type === 'found') heard.findings.push({ key: event.key, ...event.finding })
}

/** Asks a person. Throws REFUSED for any other answer than yes, INTERRUPTED. */
export async function agree(question: string, { host, signal }: Session): Promise<void> {
  const answer = await host.stdin.ask(question, signal)
  if (answer !== null && /^\s*y(es)?\s*$/i.test(answer)) return
  throw new AttachError('REFUSED', 'not confirmed; nothing was changed', { hint: 'attach status' })
}

/** The second signal: nothing is waited for any more. */
function leaveAtOnce(host: Host, speaking: Speaking, state: 'before' | 'begun', signal: StopSignal, place: Session['place']): never {
  const error =
    state === 'before'
      ? new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
      : new AttachError('INCOMPLETE', 'stopped in the middle; the operation is still open', { hint: 'attach recover' })
  host.exit(lastWords(error, signal, host, speaking, place))
}

const NOWHERE: Session['place'] = { verb: 'attach', name: null, options: [], changes: [] }

/** What is said when nothing else can be: the error, or a document of nothing but it. Returns the exit number. */
export function lastWords(
  error: AttachError,
  signal: StopSignal | undefined,
  host: Host,
  speaking: Speaking,
  { verb, name, options, changes }: Session['place'] = NOWHERE,
): number {
  const { code, message } = error
  const hint = placed(error.hint ?? 'attach status', options)
  const exit = exitOf(error, { signal })
  const outcome = outcomeOf(error, null)
  const begun = code === 'INCOMPLETE' ? changes : []
  const nothing = { deploy: name, release: null, changes: begun, findings: [], warnings: [], undo: null }
  if (speaking.json) host.stdout.write(jsonText({ schema: 'attach/1', verb, exit, outcome, ...nothing, error: { code, message, hint } }))
  else {
    const was = begun.map(({ key, from, to }) => `  ${key} held ${from ?? 'nothing'}, and was to hold ${to ?? 'nothing'}\n`).join('')
    const now = begun.length === 0 ? '' : `  ${placed('attach status', options)} shows which of them stands now.\n`
    host.stderr.write(`${was}${now}attach: ${message}\n  hint: ${hint}\n`)
  }
  return exit
}

/** SIGINT and SIGTERM ask the operation to stop; the second one leaves at once. SIGHUP counts only until an operation has begun. */
function listen(host: Host, speaking: Speaking, controller: AbortController, place: Session['place']): Stop {
  let state: 'before' | 'begun' | 'ended' = 'before'
  let first: StopSignal | null = null
  host.onSignal((signal) => {
    if (state === 'ended' || (signal === 'SIGHUP' && state === 'begun')) return
    if (first !== null) leaveAtOnce(host, speaking, state, first, place)
    first = signal
    if (state === 'begun' && !speaking.json)
      host.stderr.write(
        `  ${signal}: what was begun is ended as the plan says of an app that does not settle. A second one leaves it open (exit 8).\n`,
      )
    controller.abort(new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' }))
  })
  return {
    begin: () => {
      state = 'begun'
    },
    end: () => {
      state = 'ended'
    },
    get signal() {
      return first
    },
    after: (timeoutMs) => {
      const timer = setTimeout(() => {
        if (state !== 'before') return
        const passed = `${timeoutMs / 1_000} s passed before the write (--timeout); nothing was changed`
        controller.abort(
          new AttachError('REFUSED', passed, {
            hint: `attach probe -v shows which stage is slow; --timeout ${longerThan(timeoutMs)} gives it longer`,
          }),
        )
      }, timeoutMs)
      timer.unref()
    },
  }
}

/** Half a minute, and twice as long as what was too short. */
const longerThan = (ms: number): string => `${Math.ceil(Math.max(30_000, 2 * ms) / 1_000)}s`
