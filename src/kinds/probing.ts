import type { Socket } from 'node:net'
import { AttachError } from '../domain/errors.ts'
import type { Finding } from '../domain/finding.ts'
import { NetError } from '../net/bounded.ts'
import { type Address, connectFirst, resolve } from '../net/dial.ts'
import { sniff } from '../net/sniff.ts'
import { DEPTHS, type Depth, type Facts, type ProbeContext, type ProbeFailure, type ProbeReport, type Stage } from '../ports/kind.ts'
import { describeNet, wrongProtocol } from './failure.ts'

/** A bad server, thrown inside a probe and reported by it. Holds our words only. */
export class Failed extends Error {
  override readonly name = 'Failed'
  readonly failure: Omit<ProbeFailure, 'failedAt'> & { readonly failedAt?: Depth }

  constructor(failure: Failed['failure']) {
    super(failure.code)
    this.failure = failure
  }
}

/** A point of a probe. */
export type Mark = Pick<ProbeReport, 'stages' | 'facts' | 'findings'> & { readonly at: Depth }

/** One probe on its way: which stage it is in, what it learned, how long it may still take. */
export class Run {
  readonly signal: AbortSignal
  readonly now: () => number
  readonly findings: Finding[] = []
  readonly stages: Stage[] = []
  facts: Facts = {}
  at: Depth = 'resolve'
  readonly #context: ProbeContext
  readonly #started: number
  #entered: number
  /** When the present try of several is over. */
  #until = Number.POSITIVE_INFINITY

  constructor(context: ProbeContext, signal: AbortSignal) {
    this.#context = context
    this.signal = signal
    this.now = context.now
    this.#started = context.now()
    this.#entered = this.#started
  }

  /** From here on, what fails fails at this depth. */
  enter(depth: Depth): void {
    this.at = depth
    this.#entered = this.now()
  }

  /** The present stage is passed. Answers whether that is as deep as was asked for. */
  passed(ms = this.now() - this.#entered): boolean {
    const depth = this.at
    this.stages.push({ depth, ms })
    const next = DEPTHS[DEPTHS.indexOf(depth) + 1]
    if (next === undefined || DEPTHS.indexOf(depth) >= DEPTHS.indexOf(this.#context.depth)) return true
    this.enter(next)
    return false
  }

  /** Forgets the stages from `depth` on: it is gone through once more. */
  again(depth: Depth): void {
    const from = this.stages.findIndex((stage) => stage.depth === depth)
    if (from >= 0) this.stages.splice(from)
    this.enter(depth)
  }

  /** Where it stands, to come back to. */
  mark(): Mark {
    return { at: this.at, stages: [...this.stages], facts: this.facts, findings: [...this.findings] }
  }

  /** Whatever was passed and learned since is forgotten. */
  back({ at, stages, facts, findings }: Mark): void {
    this.stages.splice(0, this.stages.length, ...stages)
    this.findings.splice(0, this.findings.length, ...findings)
    this.facts = facts
    this.enter(at)
  }

  /** What follows is one of so many tries that are left, and takes its part of the time. A little is kept back to tell how they went. */
  share(tries: number): void {
    this.#until = Number.POSITIVE_INFINITY
    this.#until = this.now() + Math.max(0, this.left - Math.min(50, this.left / 10)) / tries
  }

  learn(facts: Facts): void {
    const more = { ...this.facts.more, ...facts.more }
    this.facts = { ...this.facts, ...facts, ...(Object.keys(more).length === 0 ? {} : { more }) }
  }

  get totalMs(): number {
    return this.now() - this.#started
  }

  /** Milliseconds left of the whole, or of this try's share of it. */
  get left(): number {
    return Math.max(0, Math.min(this.#context.limits.totalMs - this.totalMs, this.#until - this.now()))
  }

  /** How long one question and its answer may take; a little is kept back for asking what speaks there instead. */
  get exchangeMs(): number {
    return Math.max(1, Math.min(this.#context.limits.statementMs, this.left - Math.min(900, this.left / 4)))
  }

  get connectMs(): number {
    return Math.min(this.#context.limits.connectMs, this.left)
  }

  /** Wall clock, milliseconds since 1970. `null`: nobody said. */
  get today(): number {
    return this.#context.today()
  }

  get statementMs(): number {
    return this.#context.limits.statementMs
  }
}

/**
 * Goes through a probe and makes its report. `body` throws `Failed` or NetError for a bad server. One deadline of `totalMs` lies around
 * everything; when it passes, `body` is aborted and left behind.
 */
export async function probing(context: ProbeContext, service: string, body: (run: Run) => Promise<void>): Promise<ProbeReport> {
  const stop = new AbortController()
  const forward = () => stop.abort()
  context.signal.addEventListener('abort', forward, { once: true })
  if (context.signal.aborted) stop.abort()
  const run = new Run(context, stop.signal)
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new NetError('talk', 'timeout')), context.limits.totalMs)
      stop.signal.addEventListener('abort', () => reject(new NetError('talk', 'aborted')), { once: true })
      if (stop.signal.aborted) reject(new NetError('talk', 'aborted'))
    })
    late.catch(() => {})
    await Promise.race([body(run), late])
    return { ok: true, ...outcome(run) }
  } catch (error) {
    return { ok: false, ...outcome(run), ...failureOf(run, error, service) }
  } finally {
    clearTimeout(timer)
    context.signal.removeEventListener('abort', forward)
    stop.abort()
  }
}

/** The stages `resolve` and `connect`. `null` when no more was asked for. */
export async function reachServer(run: Run, address: Address): Promise<Socket | null> {
  const { signal, now } = run
  const bound = run.connectMs
  const started = now()
  const targets = await resolve(address, { ms: bound, signal })
  if (run.passed()) return null
  const socket = await connectFirst(targets, { ms: bound - (now() - started), signal, now })
  if (!run.passed()) return socket
  socket.destroy()
  return null
}

/**
 * A conversation that ended without sense is asked about once more, over one new connection: what speaks there instead? Answers the error to
 * report. `protocol`: what it is called by its first words, where that is not the service's own name (`HTTP`).
 */
export async function explained(
  run: Run,
  error: unknown,
  {
    address,
    service,
    tls,
    protocol: own = service,
    plainFirst,
    at = run.at,
  }: {
    readonly address: Address
    readonly service: string
    readonly tls: string | null
    readonly protocol?: string
    readonly plainFirst?: true
    /** Where the conversation ended, of one that is held on the way to another. */
    readonly at?: Depth
  },
): Promise<unknown> {
  const puzzling = error instanceof NetError && (at === 'secure' || at === 'speak') && PUZZLING.has(error.code)
  if (!puzzling || run.signal.aborted || run.left < 50) return error
  const hungUp = error.code === 'closed' || error.code === 'ECONNRESET'
  const ask =
    error.code === 'no-greeting'
      ? 'hello'
      : !hungUp
        ? 'text'
        : service !== 'PostgreSQL' && 'port' in address && POSTGRES_PORTS.has(address.port)
          ? 'postgres'
          : 'tls'
  const protocol = await sniff(address, { ms: Math.min(900, run.left * 0.8), signal: run.signal, now: run.now, ask })
  if (protocol === own && at === 'secure' && plainFirst === undefined) return new Failed(PLAIN_TEXT)
  return protocol === null || protocol === own ? error : new Failed(wrongProtocol(protocol, service, { tls }))
}

const PLAIN_TEXT = {
  class: 'permanent',
  code: 'tls-not-offered',
  reason: 'the server speaks plain text there, and the handle asks for TLS',
  hint: 'use the TLS port; or ask for no TLS if the way there is safe',
} as const

/** Where a port that hangs up is more likely PostgreSQL than TLS. */
const POSTGRES_PORTS = new Set([5432, 5433, 6432, 6543])

const PUZZLING = new Set([
  'timeout',
  'no-greeting',
  'closed',
  'ECONNRESET',
  'protocol',
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'too-much',
])

const outcome = (run: Run) => ({ stages: [...run.stages], totalMs: run.totalMs, facts: run.facts, findings: [...run.findings] })

/** What a probe reports of an error that its body threw. */
export function failureOf(run: Pick<Run, 'at'>, error: unknown, service: string): ProbeFailure {
  if (error instanceof Failed) return { failedAt: run.at, ...error.failure }
  if (error instanceof NetError) return { failedAt: run.at, code: error.code, ...describeNet(error.code, { depth: run.at, service }) }
  // Whatever this is, its text may hold the handle: it stops here.
  throw new AttachError('BUG', `BUG: a probe of ${service} ended with an error that it does not know`)
}
