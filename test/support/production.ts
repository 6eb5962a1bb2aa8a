import { parse } from 'dotenv'
import { expect } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import { type App, fingerprint, makeApp, processesOf, SUPERVISOR, type WhoAmI } from './app.ts'
import { attach, begin, documentIn, type Ran, type Running } from './cli.ts'
import { eventually } from './processes.ts'
import { verdictsOf } from './scratch.ts'

/** What attach.yaml says of the deploy `production`, in its own words. */
export interface Declaration {
  readonly hook?: string | readonly string[] | { readonly run: string | readonly string[]; readonly timeout?: string }
  readonly health?: Readonly<Record<string, unknown>> | null
  readonly protected?: boolean
  readonly 'on-failure'?: 'revert' | 'keep'
}

/** The app as a deploy: it runs, and attach.yaml tells how it is restarted and asked. */
export interface Production extends App {
  /** Runs attach on it, with `-d production --json`, and `--trust` where it may run commands. */
  attach(...args: readonly string[]): Promise<Ran & { readonly document: Document }>
  /** The same, not waited for, and without `--json`. */
  begin(...args: readonly string[]): Running
  declare(declaration: Declaration): void
  /** What the config holds under DATABASE_URL. */
  handle(): string | undefined
}

/** Asks twice, 100 ms apart, for three seconds in all: enough for a restart on a machine with much to do. */
export const healthOf = ({ port }: App): Readonly<Record<string, unknown>> => ({
  url: `http://127.0.0.1:${port}/healthz`,
  status: 200,
  successes: 2,
  interval: '100ms',
  timeout: '3s',
})

/** An app that runs on `databaseUrl`, declared with hook and health unless `declaration` says otherwise. */
export async function makeProduction(
  databaseUrl: string,
  declaration: Declaration = {},
  lines: readonly string[] = [],
): Promise<Production> {
  const app = await makeApp(databaseUrl, lines)
  const how = { cwd: app.place.path }
  const made: Production = {
    ...app,
    attach: async (...args) => {
      const ran = await attach([...args, ...chosenFor(args), '--json'], how)
      return { ...ran, document: documentIn(ran.stdout) }
    },
    begin: (...args) => begin([...args, ...chosenFor(args)], how),
    declare: (more) => {
      const production = { config: '.env', hook: { run: [SUPERVISOR, 'restart'], timeout: '5s' }, health: healthOf(app), ...more }
      app.place.write('attach.yaml', `${JSON.stringify({ deploys: { production } }, null, 2)}\n`) // JSON is YAML.
    },
    handle: () => parse(app.place.read())['DATABASE_URL'],
  }
  made.declare(declaration)
  const started = await app.supervise('start')
  if (started.exit !== 0) throw new Error(`the app did not start: ${started.said}`)
  return made
}

const chosenFor = ([verb = '']: readonly string[]): readonly string[] => [
  ...['-d', 'production'],
  ...(verb === 'status' || verb === 'log' ? [] : ['--trust']),
  ...(COMPARING.has(verb) ? ['--allow', UNLIKE] : []),
]

/** What is tried here is the app, on databases that hold nothing of the other's: guards would refuse most of them, and rightly. */
const UNLIKE = 'pg.empty,pg.shrunken,pg.objects,pg.grants,pg.read_only,pg.sequences'
const COMPARING = new Set(['swap'])

/** What there was before a swap. */
export interface Before {
  readonly handle: string | undefined
  readonly app: WhoAmI | null
  /** How many operations the journal holds. */
  readonly operations: number
}

export const before = async ({ handle, whoAmI, place }: Production): Promise<Before> => ({
  handle: handle(),
  app: await whoAmI(),
  operations: verdictsOf(place).length,
})

/** A swap that ended, by itself: a signal that killed it leaves nothing to agree with. */
export interface Ended {
  readonly exit: number | null
  readonly before: Before
  readonly to: string
}

/** The one judge: config, app, journal and exit of a swap say the same. */
export async function agree(production: Production, { exit, before, to }: Ended): Promise<void> {
  const handle = production.handle()
  const app = await production.whoAmI()
  const operations = verdictsOf(production.place).slice(before.operations)
  const found = { exit, handle, app: app?.databaseUrl, operations }
  switch (exit) {
    case 0:
      return expect(found).toEqual({ exit, handle: to, app: fingerprint(to), operations: ['committed'] })
    case 7:
      return expect(found).toEqual({ exit, handle: before.handle, app: before.app?.databaseUrl, operations: ['reverted'] })
    case 3:
    case 130:
    case 143:
      expect({ exit, handle, app }).toEqual({ exit, handle: before.handle, app: before.app })
      return expect([[], ['aborted']]).toContainEqual(operations)
    case 8: {
      const { document } = await production.attach('status')
      expect({ open: document.open, unsettled: document.unsettled }).not.toEqual({ open: null, unsettled: null })
      return expect([before.handle, to]).toContain(handle)
    }
    default:
      throw new Error(`no exit of a swap: ${exit}`)
  }
}

/** What must hold once an operation is recovered: it is closed, the app runs on what the config holds, nothing is left over. */
export async function expectRecovered(production: Production): Promise<void> {
  expect(verdictsOf(production.place)).not.toContain('open')
  await eventually('the end of every hook', async () => expect(hooksOf(production)).toEqual([]))
  const app = await production.whoAmI()
  expect({ app: app?.databaseUrl }).toEqual({ app: fingerprint(production.handle() ?? '') })
}

/** What works for this deploy and is not the app itself. */
export const hooksOf = ({ place }: Production): readonly string[] => processesOf(place).filter((words) => !words.includes('/app.js'))
