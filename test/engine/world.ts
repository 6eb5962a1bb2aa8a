import { AttachError } from '../../src/domain/errors.ts'
import { at, type Names, show } from './names.ts'

/** What may go wrong with one request, as the one who sent it and the store see it. */
const FAULTS = {
  /** Nothing is changed by it: it answers, is refused, the process dies, or a person asks to stop meanwhile. */
  look: ['none', 'refused', 'crash-before', 'interrupt'],
  /** Refused (proved), lost on the way, reply lost, delivered at some later moment, the process dies before or after, a wish to stop. */
  change: ['none', 'refused', 'lost', 'lost-reply', 'late', 'crash-before', 'crash-after', 'interrupt'],
  /** A command we run: it answers, we die before it began or while it runs and goes on alone, a wish to stop comes meanwhile. */
  act: ['none', 'crash-before', 'orphan', 'interrupt'],
  /** The same, and a wish to stop may end it. */
  stoppable: ['none', 'crash-before', 'orphan', 'interrupt', 'stopped'],
  /** A person's hand does not fail. */
  hand: ['none'],
} as const
export type Sort = keyof typeof FAULTS
type Fault = (typeof FAULTS)[Sort][number]

interface Waiting {
  readonly sort: Sort | 'late'
  go(fault: Fault): void
}
/** Which of so many ways to go on from a state. */
export type Choose = (of: number, state?: string) => number

/** One request. A command of ours is another when a wish to stop ends it, or when its process dies while it runs. */
export interface Request<T> {
  readonly call: string
  readonly sort: Sort
  readonly perform: () => Promise<T>
  readonly whenStopped?: () => Promise<T>
  readonly whenOrphaned?: () => Promise<unknown>
}

/** One deterministic run: every request is a scheduling point, and any may go wrong. */
export class World {
  readonly trace: string[] = []
  /** Faults of this run that were not wishes to stop. */
  troubles = 0
  readonly #choose: Choose
  readonly #names: Names
  readonly #waiting = new Map<string, Waiting>()
  readonly #known = new Map<string, string>()
  readonly #stops = new Map<string, AbortController>()
  #faults: number
  #quiet: () => void = () => {}

  constructor(choose: Choose, names: Names, faults: number) {
    this.#choose = choose
    this.#names = names
    this.#faults = faults
  }

  /** A short name for a long text. */
  name(text: () => string): string {
    return this.#names.of(text)
  }

  /** The wish of whoever started `actor` to stop it. */
  signal(actor: string): AbortSignal {
    const stop = this.#stops.get(actor) ?? new AbortController()
    this.#stops.set(actor, stop)
    return stop.signal
  }

  /** A request of `actor`: performed when the schedule says so. */
  gate<T>(actor: string, { call, sort, perform, whenStopped = perform, whenOrphaned = perform }: Request<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = (value: T): void => {
        this.#learn(actor, call, value)
        resolve(value)
      }
      const fail = (error: unknown): void => {
        this.#learn(actor, call, error instanceof AttachError ? error.code : String(error))
        reject(error)
      }
      const unknown = (): void => fail(new AttachError('UNKNOWN', 'no answer in time'))
      const die = (): void => {
        this.#known.set(actor, 'over')
        this.#quiet()
      }
      const go = (fault: Fault): void => {
        this.trace.push(`${actor}.${call}${fault === 'none' ? '' : ` !${fault}`}`)
        if (fault === 'interrupt' || fault === 'stopped') this.#interrupt(actor)
        switch (fault) {
          case 'refused':
            fail(new AttachError('UNAVAILABLE', 'refused'))
            break
          case 'late':
            this.#deliverLater(`${actor}~${call}`, perform)
            unknown()
            break
          case 'lost':
            unknown()
            break
          case 'stopped':
            whenStopped().then(answer, fail)
            break
          case 'orphan':
            whenOrphaned().then(die, die)
            break
          case 'crash-before':
            die()
            break
          case 'crash-after':
            perform().then(die, die)
            break
          case 'lost-reply':
            perform().then(unknown, fail)
            break
          case 'none':
          case 'interrupt':
            perform().then(answer, fail)
        }
      }
      this.#waiting.set(actor, { sort, go })
      this.#quiet()
    })
  }

  /** A free choice of `actor`, or of the world for it. */
  choice<T>(actor: string, what: string, options: readonly T[]): T {
    const chosen = at(options, this.#choose(options.length))
    this.trace.push(`${actor}: ${what} ${String(chosen)}`)
    this.#learn(actor, what, chosen)
    return chosen
  }

  /** `state` tells all that the future depends on, apart from what the actors know. */
  async run(actors: Readonly<Record<string, () => Promise<unknown>>>, state: () => string): Promise<void> {
    for (const [name, start] of Object.entries(actors)) {
      const over = (): void => {
        this.#known.set(name, 'over')
        this.#quiet()
      }
      await this.#untilQuiet(() => void start().finally(over))
    }
    while (this.#waiting.size > 0) {
      const names = [...this.#waiting.keys()].sort()
      const here = this.name(() => [this.#faults, names, [...this.#known].sort(), state()].join('|'))
      const actor = at(names, this.#choose(names.length, here))
      const waiting = this.#waiting.get(actor)
      if (!waiting) throw new Error(`${actor} waits for nothing`)
      this.#waiting.delete(actor)
      const faults = this.#faultsOf(actor, waiting)
      const fault = at(faults, this.#choose(faults.length))
      if (fault !== 'none') this.#faults -= 1
      if (fault !== 'none' && fault !== 'interrupt' && fault !== 'stopped') this.troubles += 1
      await this.#untilQuiet(() => waiting.go(fault))
    }
  }

  /** A second wish to stop ends the process at once: that is a crash, and already among the faults. */
  #faultsOf(actor: string, { sort }: Waiting): readonly Fault[] {
    if (sort === 'late' || this.#faults === 0) return FAULTS.hand
    const stop = this.#stops.get(actor)
    const once = stop && !stop.signal.aborted
    return once ? FAULTS[sort] : FAULTS[sort].filter((fault) => fault !== 'interrupt' && fault !== 'stopped')
  }

  #interrupt(actor: string): void {
    this.#learn(actor, 'signal', 'stop')
    this.#stops.get(actor)?.abort('stop')
  }

  #deliverLater(name: string, perform: () => Promise<unknown>): void {
    const go = (): void => {
      this.trace.push(`${name} (delivered late)`)
      perform().then(this.#quiet, this.#quiet)
    }
    this.#waiting.set(this.#waiting.has(name) ? `${name}~` : name, { sort: 'late', go })
  }

  /** An actor's state is a function of what it was told, so that is enough to recognise it. */
  #learn(actor: string, call: string, told: unknown): void {
    this.#known.set(
      actor,
      this.name(() => `${this.#known.get(actor) ?? ''};${call}=${show(told)}`),
    )
  }

  #untilQuiet(start: () => void): Promise<void> {
    return new Promise((quiet) => {
      this.#quiet = quiet
      start()
    })
  }
}
