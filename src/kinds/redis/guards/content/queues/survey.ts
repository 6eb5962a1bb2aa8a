import type { core } from 'zod'
import type { Told } from '../../../../../domain/survey.ts'
import { NO_TIME } from '../../../../asking.ts'
import { countSchema, toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions, Words } from '../../../questions.ts'
import { fieldOf, isList, type Reply } from '../../../resp.ts'
import { frameworksIn, listsIn, membersAsQueues, suspectsIn } from './frameworks.ts'
import { lookThrough } from './scan.ts'
import { FRAMEWORKS, type Framework, type Suspect } from './suspect.ts'

/** What waits there to be done, as it is kept in a baseline. */
export const queuesSchema = (z: Zod) =>
  z.strictObject({
    /** Those in which something waits, the fullest first. */
    queues: toldSchema(
      z,
      z.array(
        z.strictObject({
          by: z.enum(FRAMEWORKS),
          /** Its key. */
          name: z.string(),
          /** The command that counts it. */
          ask: z.enum(ASKS),
          waits: countSchema(z),
          /** `person`: no worker takes them. */
          forWhom: z.enum(['worker', 'person']),
        }),
      ),
    ),
    /** Those that keep jobs there, also where none waits now. */
    frameworks: z.array(z.enum(FRAMEWORKS)),
    /** What was not looked at, in words. Empty: all was. */
    unseen: z.string(),
  })

export type QueuesFacts = core.output<ReturnType<typeof queuesSchema>>
export type Queue = Extract<QueuesFacts['queues'], { readonly is: unknown }>['is'][number]

const ASKS = ['LLEN', 'ZCARD', 'HLEN', 'XINFO GROUPS'] as const
const QUEUES_MAX = 1_000
const LISTS_MAX = 100

/** Looks under the names that the usual frameworks write, and through the keys as far as there is time. */
export async function surveyQueues(questions: Questions, count: Told<number>): Promise<QueuesFacts> {
  const { keys, streams, unseen } = await lookThrough(questions, count)
  const lists = listsIn(keys).slice(0, LISTS_MAX)
  const asked = await questions.askAll(
    lists.map((key) => ['SSCAN', key, '0', 'COUNT', '1000']),
    membersIn,
  )
  const members = asked.map((each) => ('is' in each ? each.is : NONE))
  const named = lists.flatMap((key, at) => membersAsQueues(key, members[at]?.names ?? []))
  const suspects = unique([...named, ...suspectsIn(keys), ...streams.map(streamOf)])
  const { queues, unanswered } = await counted(questions, suspects.slice(0, QUEUES_MAX))
  const isAll = suspects.length <= QUEUES_MAX && lists.length < LISTS_MAX && !members.some(({ more }) => more)
  const frameworks = frameworksIn(
    keys,
    lists.filter((_, at) => (members[at]?.names.length ?? 0) > 0),
  )
  return {
    queues: 'is' in queues ? { is: queues.is.filter(({ waits }) => waits > 0) } : queues,
    frameworks: [...new Set([...frameworks, ...('is' in queues ? queues.is.flatMap(seenIn) : [])])],
    unseen: inWords([...(isAll ? [] : ['there are too many queues to look at all']), unseen, ...asked.flatMap(whyNot), ...unanswered]),
  }
}

/** Why a question has no answer. A key of another type is one: it is no queue. */
const whyNot = (answer: Told<unknown>): readonly string[] =>
  'is' in answer || /WRONGTYPE|wrong kind of value/.test(answer.unknown) ? [] : [answer.unknown]

const REASONS_MAX = 4

/** Each reason once, and not without end: the server words some of them. */
function inWords(reasons: readonly string[]): string {
  const all = [...new Set(reasons)].filter((reason) => reason !== '')
  const more = all.length - REASONS_MAX
  return [...all.slice(0, REASONS_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** A list that is empty does not stand there; a stream with groups does. */
const seenIn = ({ by, waits, forWhom }: Queue): readonly Framework[] => (by === 'stream' || (waits > 0 && forWhom === 'worker') ? [by] : [])

const streamOf = (name: string): Suspect => ({ by: 'stream', name, ask: 'XINFO GROUPS', forWhom: 'worker', marks: null })

const unique = (suspects: readonly Suspect[]): readonly Suspect[] => [
  ...new Map(suspects.map((each) => [`${each.ask} ${each.name}`, each])).values(),
]

interface Members {
  readonly names: readonly string[]
  /** There are more of them. */
  readonly more: boolean
}

const NONE: Members = { names: [], more: false }

/** Throws when it is no answer to SSCAN. */
function membersIn(reply: Reply): Members {
  const [next, list] = isList(reply) ? reply : []
  if (!isList(list)) throw new Error('no members')
  return { names: list.flatMap((each) => (typeof each === 'string' ? [each] : [])), more: next !== '0' }
}

interface Counted {
  /** The fullest first. Unknown: none told anything. */
  readonly queues: Told<readonly Queue[]>
  /** Why some were not counted. A job may wait there. */
  readonly unanswered: readonly string[]
}

/** What waits in each. */
async function counted(questions: Questions, suspects: readonly Suspect[]): Promise<Counted> {
  const lengths = await questions.askAll(
    suspects.map(({ ask, name }): Words => [...ask.split(' '), name]),
    waitingIn,
  )
  // What is empty is no queue to be told of, whatever stands beside it.
  const holding = suspects.filter((_, at) => waitsOf(lengths[at]) > 0)
  const standing = await markedOf(questions, holding)
  const marked = suspects.map((each): Told<boolean> => standing.get(each) ?? { is: true })
  const queues = suspects.flatMap(({ by, name, ask, forWhom }, at): readonly Queue[] => {
    const [length, mark] = [lengths[at], marked[at]]
    if (length === undefined || !('is' in length) || length.is === null || mark === undefined || !('is' in mark) || !mark.is) return []
    return [{ by, name: questions.shown(name), ask, waits: length.is.waits, forWhom }]
  })
  const uncounted = suspects.flatMap(({ name }, at): readonly Uncounted[] => {
    const length = lengths[at]
    return length !== undefined && 'is' in length && length.is !== null && length.is.delivered.length > 0 ? [{ name, ...length.is }] : []
  })
  const unanswered = [...[...lengths, ...marked].flatMap(whyNot), ...(await undelivered(questions, uncounted))]
  const [why] = unanswered
  const isSilent = queues.length === 0 && why !== undefined
  return { queues: isSilent ? { unknown: why } : { is: queues.sort((a, b) => b.waits - a.waits) }, unanswered }
}

/** Whether one of the marks of each stands there. Each is asked for by itself: two may stand on two nodes of a cluster. */
async function markedOf(questions: Questions, suspects: readonly Suspect[]): Promise<ReadonlyMap<Suspect, Told<boolean>>> {
  const marks = new Map(suspects.flatMap(({ marks }) => marks ?? []).map((mark) => [mark.join(' '), mark]))
  const answers = await questions.askAll(
    [...marks.values()],
    (reply) => reply !== 0 && !(isList(reply) && reply.every((each) => each === null)),
  )
  const standing = new Map([...marks.keys()].map((mark, at) => [mark, answers[at] ?? NO_TIME]))
  return new Map(
    suspects.map((suspect): readonly [Suspect, Told<boolean>] => {
      const told = suspect.marks?.map((mark) => standing.get(mark.join(' ')) ?? NO_TIME) ?? [{ is: true }]
      return [suspect, told.find((each) => 'is' in each && each.is) ?? told.find((each) => 'unknown' in each) ?? { is: false }]
    }),
  )
}

const waitsOf = (length: Told<Length | null> | undefined): number => (length !== undefined && 'is' in length ? (length.is?.waits ?? 0) : 0)

interface Length {
  readonly waits: number
  /** Up to where those groups of a stream were served that do not tell how much they were not. Empty: each tells. */
  readonly delivered: readonly string[]
}

/** Null: a stream without groups. Throws on what is neither a length nor groups. */
function waitingIn(reply: Reply | undefined): Length | null {
  if (typeof reply === 'number' && reply >= 0) return { waits: reply, delivered: [] }
  if (!isList(reply)) throw new Error('no length')
  if (reply.length === 0) return null
  const field = (group: Reply, name: string): Reply | undefined => (isList(group) ? fieldOf(group, name) : undefined)
  const number = (group: Reply, name: string): number => {
    const value = field(group, name)
    return typeof value === 'number' && value > 0 ? value : 0
  }
  return {
    waits: Math.max(...reply.map((group) => number(group, 'pending') + number(group, 'lag'))),
    delivered: reply.filter((group) => typeof field(group, 'lag') !== 'number').map((group) => `${field(group, 'last-delivered-id')}`),
  }
}

interface Uncounted extends Pick<Length, 'delivered'> {
  readonly name: string
}

/**
 * A group tells no lag before Redis 7, nor after an entry of its stream was deleted. One that was served up to the last entry has none; of the others
 * something may wait.
 */
async function undelivered(questions: Questions, streams: readonly Uncounted[]): Promise<readonly string[]> {
  const last = await questions.askAll(
    streams.map(({ name }): Words => ['XINFO', 'STREAM', name]),
    (reply) => (isList(reply) ? fieldOf(reply, 'last-generated-id') : null),
  )
  return streams.flatMap(({ name, delivered }, at) => {
    const told = last[at]
    if (told !== undefined && 'is' in told && delivered.every((id) => id === told.is)) return []
    return [`the server does not tell how much of the stream ${questions.shown(name)} its groups were not served yet`]
  })
}
