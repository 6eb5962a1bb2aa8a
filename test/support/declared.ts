import { mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Deploy } from '../../src/deploys/locate.ts'
import { hookRecordOf } from '../../src/deploys/open.ts'
import type { Held } from '../../src/deploys/settling/command-output.ts'
import { type RoundValues, type SettleOptions, type Settler, settlerOf } from '../../src/deploys/settling/settler.ts'
import type { Key } from '../../src/domain/change.ts'
import type { Declared, Health, Hook } from '../../src/domain/deploy.ts'
import type { Event, Stands } from '../../src/domain/event.ts'
import type { Settled } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { processHost } from '../../src/host/process-host.ts'
import type { Host } from '../../src/ports/host.ts'
import type { Reporter } from '../../src/ports/reporter.ts'
import { intentAt } from './files.ts'
import { type Scratch, scratch } from './scratch.ts'

export const hookOf = (run: Hook['run'], timeoutMs = 20_000): Hook => ({ run, timeoutMs })

/** Two checks, 20 ms apart, within 3 s. */
export const healthOf = (check: Health['check'], rest: Partial<Health> = {}): Health => ({
  check,
  successes: 2,
  intervalMs: 20,
  timeoutMs: 3_000,
  ...rest,
})

export const held = (key: string, value: string): Held => ({ key: key as Key, value: new Secret(value) })

export interface App extends Scratch {
  readonly deploy: Deploy
  readonly host: Host
  readonly events: readonly Event[]
  readonly reporter: Reporter
  /** Where the record of a running hook stands. */
  readonly record: string
  /** The texts that a person was asked to trust, one entry a question. */
  readonly asked: readonly (readonly string[])[]
  settler(options?: Partial<SettleOptions>): Settler
  /** One round: ready, then settle. */
  settle(options?: RoundOptions): Promise<Settled>
  /** What the hook or health printed. */
  printed(): readonly string[]
  /** Why the steps ended, in order. */
  whys(): readonly (string | null)[]
}

export interface RoundOptions {
  readonly stands?: Stands
  readonly release?: number
  readonly values?: Partial<RoundValues>
  readonly signal?: AbortSignal
  readonly settler?: Settler
}

/** A deploy called production with this hook and this health check, in a folder of its own, and a home of its own. */
export function app(declaring: Partial<Pick<Declared, 'hook' | 'health'>>, env: Host['env'] = {}): App {
  const place = scratch('DATABASE_URL=new\n')
  const folder = realpathSync(place.path)
  place.write('attach.yaml', 'deploys: {}\n')
  mkdirSync(place.at('home'), { mode: 0o700 })
  const file = `${folder}/attach.yaml`
  const deploy: Deploy = {
    name: 'production',
    label: '.env',
    path: `${folder}/.env`,
    exists: true,
    options: ['-d', 'production'],
    declared: {
      file,
      folder,
      protected: false,
      readers: [],
      hook: null,
      health: null,
      onFailure: 'revert',
      resources: new Map(),
      ...declaring,
    },
  }
  const real = processHost()
  const given = Object.fromEntries(
    Object.entries({ PATH: process.env['PATH'], HOME: place.at('home'), ...env }).filter(([, text]) => text !== undefined),
  )
  const host: Host = { ...real, env: given, inherited: given as Host['inherited'] }
  const events: Event[] = []
  const asked: (readonly string[])[] = []
  const reporter: Reporter = { event: (event) => events.push(event) }
  const settler = (options: Partial<SettleOptions> = {}): Settler => {
    const trust = async (commands: readonly string[]): Promise<void> => {
      asked.push(commands)
    }
    return settlerOf(deploy, { run: 'usual', trust, ...options }, host, reporter)
  }
  const record = hookRecordOf(deploy, host)
  mkdirSync(dirname(record), { recursive: true })
  return {
    ...place,
    deploy,
    host,
    events,
    reporter,
    record,
    asked,
    settler,
    settle: async ({ stands = 'new', release = 12, values = {}, signal = new AbortController().signal, settler: given } = {}) => {
      const one = given ?? settler()
      if (given === undefined) await one.ready()
      const known = async (): Promise<RoundValues> => ({ config: [], changed: [], ...values })
      return await one.settle({ intent: intentAt(1), stands, release }, known, signal)
    },
    printed: () => events.flatMap((event) => (event.type === 'output' ? [event.line] : [])),
    whys: () => events.flatMap((event) => (event.type === 'settled' ? [event.why] : [])),
  }
}
