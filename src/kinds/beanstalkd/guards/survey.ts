import type { core } from 'zod'
import type { Survey, Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking, Refused } from '../../asking.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'
import { numberIn, type Stats, statsIn, tubesIn } from '../body.ts'
import { whyRefused } from '../failure.ts'
import type { Live } from '../probe.ts'

const jobsSchema = (z: Zod) => z.strictObject({ ready: z.number(), reserved: z.number(), delayed: z.number(), buried: z.number() })

const tubeSchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    jobs: jobsSchema(z),
    /** Connections that would take jobs of it. */
    watching: z.number(),
  })

/** What beanstalkd tells, as it is kept in a baseline. */
export const factsSchema = (z: Zod) =>
  z.strictObject({
    /** The one that the handle names. */
    tube: z.string().nullable(),
    version: toldSchema(z, z.string()),
    /** Another one after each start. */
    id: toldSchema(z, z.string()),
    draining: toldSchema(z, z.boolean()),
    /** Bytes. */
    jobMax: toldSchema(z, z.number()),
    /** Whether jobs are kept in a log on disk. */
    durable: toldSchema(z, z.boolean()),
    /** Connections that have taken a job at some time. */
    workers: toldSchema(z, z.number()),
    /** Of all tubes. */
    jobs: toldSchema(z, jobsSchema(z)),
    /** The first of them, and that of the handle. */
    tubes: toldSchema(z, z.array(tubeSchema(z))),
  })

export type BeanstalkdFacts = core.output<ReturnType<typeof factsSchema>>
export type Tube = core.output<ReturnType<typeof tubeSchema>>
export type Jobs = Tube['jobs']

/** More are not asked for: the sum over all tubes is known without them. */
export const TUBES_MAX = 200

export async function surveyBeanstalkd(live: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  const roundTripMs = await asking.roundTrip((exchange) => live.conversation.ask('stats', exchange))
  const stats = await asking.ask(async (exchange) => {
    const answer = await live.conversation.ask('stats', exchange)
    if ('error' in answer) throw new Refused(whyRefused(answer.error, 'stats'))
    return statsIn(answer.body)
  })
  const facts: BeanstalkdFacts = {
    tube: live.tube,
    version: textIn(stats, 'version'),
    id: textIn(stats, 'id'),
    draining: wordIn(stats, 'draining', { true: true, false: false }),
    jobMax: from(stats, (of) => of('max-job-size')),
    // Without a log its index stays 0; binlog-max-size is told in any case.
    durable: from(stats, (of) => of('binlog-current-index') > 0),
    workers: from(stats, (of) => of('current-workers')),
    jobs: from(stats, jobsOf),
    tubes: await surveyTubes(asking, live),
  }
  return {
    kind: 'beanstalkd',
    takenAt: new Date(context.today()).toISOString(),
    resource: 'is' in facts.id ? { is: `${facts.id.is} ${live.tube ?? ''}`.trim() } : facts.id,
    roundTripMs,
    position: { unknown: 'beanstalkd does not number its jobs across servers' },
    newest: { unknown: 'a queue has no column that tells its age' },
    facts,
  }
}

/** What is asked in one round trip. */
const AT_ONCE = 50

async function surveyTubes(asking: Asking, { conversation, tube }: Live): Promise<Told<Tube[]>> {
  const names = await asking.ask(async (exchange) => {
    const answer = await conversation.ask('list-tubes', exchange)
    if ('error' in answer) throw new Refused(whyRefused(answer.error, 'list-tubes'))
    return tubesIn(answer.body)
  })
  if (!('is' in names)) return names
  const asked = [...names.is].sort((a, b) => Number(b === tube) - Number(a === tube)).slice(0, TUBES_MAX)
  const tubes: Tube[] = []
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE)
    const told = await asking.ask(async (exchange) => {
      const answers = await conversation.askAll(
        some.map((name) => `stats-tube ${name}`),
        exchange,
      )
      return answers.flatMap((answer, index): Tube[] => {
        // A tube ends with its last job and its last user.
        if ('error' in answer && answer.error === 'NOT_FOUND') return []
        if ('error' in answer) throw new Refused(whyRefused(answer.error, 'stats-tube'))
        return [tubeIn(some[index] ?? '', statsIn(answer.body))]
      })
    })
    if (!('is' in told)) return told
    tubes.push(...told.is)
  }
  return { is: tubes }
}

function tubeIn(name: string, stats: Stats): Tube {
  const of = (field: string): number => {
    const number = numberIn(stats, field)
    if (number === null) throw new Refused(`the server does not tell ${field} of a tube`)
    return number
  }
  return { name, jobs: jobsOf(of), watching: of('current-watching') }
}

const jobsOf = (of: (name: string) => number): Jobs => ({
  ready: of('current-jobs-ready'),
  reserved: of('current-jobs-reserved'),
  delayed: of('current-jobs-delayed'),
  buried: of('current-jobs-buried'),
})

function from<T>(stats: Told<Stats>, read: (of: (name: string) => number) => T): Told<T> {
  if (!('is' in stats)) return stats
  const missing: string[] = []
  const of = (name: string): number => {
    const number = numberIn(stats.is, name)
    if (number === null) missing.push(name)
    return number ?? 0
  }
  const is = read(of)
  return missing.length === 0 ? { is } : { unknown: untold(missing.join(', ')) }
}

function textIn(stats: Told<Stats>, name: string): Told<string> {
  if (!('is' in stats)) return stats
  const text = stats.is.get(name)
  return text !== undefined && /^[\w.+~-]{1,128}$/.test(text) ? { is: harmless(text, []) ?? '' } : { unknown: untold(name) }
}

function wordIn<T>(stats: Told<Stats>, name: string, words: Readonly<Record<string, T>>): Told<T> {
  if (!('is' in stats)) return stats
  const word = stats.is.get(name) ?? ''
  const is = Object.hasOwn(words, word) ? words[word] : undefined
  return is === undefined ? { unknown: untold(name) } : { is }
}

const untold = (name: string): string => `the server does not tell ${name}`
