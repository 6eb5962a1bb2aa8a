import type { core } from 'zod'
import type { Survey, Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking, Refused } from '../../asking.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'
import { isMcError, type Section, type Stats } from '../dialect.ts'
import { memcachedFailure } from '../failure.ts'
import { type LiveNode, numberIn } from '../node.ts'
import type { Live } from '../probe.ts'

const nodeSchema = (z: Zod) =>
  z.strictObject({
    /** `cache1:11211`, as the handle says. */
    place: z.string(),
    version: toldSchema(z, z.string()),
    /** Of the process: another one after each start. `started`: seconds since 1970. */
    run: toldSchema(z, z.strictObject({ pid: z.number(), started: z.number() })),
    /** Bytes of all items together. */
    memory: toldSchema(z, z.number()),
    /** Bytes of one item. */
    itemMax: toldSchema(z, z.number()),
    /** Whether it throws items away when it is full; without that, it refuses writes. */
    evicts: toldSchema(z, z.boolean()),
    evictions: toldSchema(z, z.number()),
    /** What it holds, and what it was asked since it started, `uptime` seconds ago. */
    load: toldSchema(z, z.strictObject({ items: z.number(), gets: z.number(), hits: z.number(), uptime: z.number() })),
  })

/** What memcached tells, as it is kept in a baseline. */
export const factsSchema = (z: Zod) =>
  z.strictObject({
    /** In the order of the handle. */
    nodes: z.array(nodeSchema(z)),
    /** How we were let in. */
    login: toldSchema(z, z.enum(['none', 'sasl', 'token'])),
  })

export type MemcachedFacts = core.output<ReturnType<typeof factsSchema>>
export type NodeFacts = MemcachedFacts['nodes'][number]

/** Asks each server of the list in turn. */
export async function surveyMemcached(live: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  const nodes: NodeFacts[] = []
  const roundTrips: Told<number>[] = []
  for (const one of live) {
    roundTrips.push(await asking.roundTrip((exchange) => one.dialect.version(exchange)))
    nodes.push(await surveyNode(asking, one))
  }
  const facts: MemcachedFacts = { nodes, login: { is: live[0].login } }
  return {
    kind: 'memcached',
    takenAt: new Date(context.today()).toISOString(),
    resource: resourceOf(nodes),
    roundTripMs: slowest(roundTrips),
    position: { unknown: 'memcached does not number its writes' },
    newest: { unknown: 'an item does not tell its age' },
    facts,
  }
}

async function surveyNode(asking: Asking, one: LiveNode): Promise<NodeFacts> {
  const version = await asking.ask(async (exchange) => {
    const answer = await one.dialect.version(exchange)
    if (isMcError(answer)) throw refusedOf(one, 'version', answer)
    return harmless(answer, one.secrets) ?? 'unknown'
  })
  const stats = await ask(asking, one, '')
  const settings = await ask(asking, one, 'settings')
  return {
    place: one.node.place,
    version,
    run: from(stats, (of) => ({ pid: of('pid'), started: of('time') - of('uptime') })),
    memory: from(stats, (of) => of('limit_maxbytes')),
    itemMax: from(settings, (of) => of('item_size_max')),
    evicts: 'is' in settings ? evicts(settings.is) : settings,
    evictions: from(stats, (of) => of('evictions')),
    load: from(stats, (of) => ({ items: of('curr_items'), gets: of('cmd_get'), hits: of('get_hits'), uptime: of('uptime') })),
  }
}

const ask = (asking: Asking, one: LiveNode, section: Section): Promise<Told<Stats>> =>
  asking.ask(async (exchange) => {
    const answer = await one.dialect.stats(section, exchange)
    if (isMcError(answer)) throw refusedOf(one, section === '' ? 'stats' : `stats ${section}`, answer)
    return answer
  })

const refusedOf = (one: LiveNode, question: string, answer: Parameters<typeof memcachedFailure>[0]): Refused =>
  new Refused(`the server refused ${question}: ${memcachedFailure(answer, one.secrets).reason}`)

/** Unknown where the server has no such number, as a proxy or a service in its place. */
function from<T>(stats: Told<Stats>, read: (of: (name: string) => number) => T): Told<T> {
  if (!('is' in stats)) return stats
  const missing: string[] = []
  const of = (name: string): number => {
    const number = numberIn(stats.is, name)
    if (number === null) missing.push(name)
    return number ?? 0
  }
  const is = read(of)
  return missing.length === 0 ? { is } : { unknown: `the server does not tell ${missing.join(', ')}` }
}

function evicts(settings: Stats): Told<boolean> {
  const word = settings.get('evictions')
  return word === 'on' || word === 'off' ? { is: word === 'on' } : { unknown: 'the server does not tell whether it evicts' }
}

/** Of all processes together. Their order is part of it: in another one, clients find other keys. */
function resourceOf(nodes: readonly NodeFacts[]): Told<string> {
  const names: string[] = []
  for (const { run } of nodes) {
    if (!('is' in run)) return run
    names.push(nameOf(run.is))
  }
  return { is: names.join(' ') }
}

/** A process of this number that began in this second. */
export const nameOf = ({ pid, started }: { readonly pid: number; readonly started: number }): string => `${pid}@${started}`

function slowest(times: readonly Told<number>[]): Told<number> {
  let most = 0
  for (const time of times) {
    if (!('is' in time)) return time
    most = Math.max(most, time.is)
  }
  return { is: most }
}
