import type { Told } from '../../../../domain/survey.ts'
import { isAboutAccess, isUnheardOf, type Questions, type Words, whyElsewhere } from '../../questions.ts'
import { isError, type Reply } from '../../resp.ts'
import { beside, harmfulTo, harmlessTo, ruleOf, writesTo } from './commands.ts'
import type { AccessFacts } from './survey.ts'

/**
 * What the user may do, by commands of which none is ever run: they wait in a transaction that is thrown away. A server refuses what it would
 * refuse when they are put there. `near`: a key that the user may touch; a name beside it is not shut out by patterns of the ACL.
 */
export async function rehearse(questions: Questions, near: string | null): Promise<Pick<AccessFacts, 'refused' | 'writes' | 'channels'>> {
  const key = beside(near)
  const writes = writesTo(key)
  const first = [...writes, ...harmlessTo(key)]
  const harmless = await queued(questions, first)
  // Only where those were put back and not run: not everything that says OK to MULTI keeps transactions.
  const then = harmfulTo(key)
  const harmful = 'is' in harmless ? await queued(questions, then) : harmless
  if (!('is' in harmless) || !('is' in harmful)) {
    const why = 'is' in harmless ? harmful : harmless
    const untold = { unknown: 'unknown' in why ? why.unknown : NO_TRANSACTIONS }
    const [multi] = (await questions.replies([['MULTI'], ['DISCARD']])) ?? []
    return { refused: isDenied(multi) ? { is: [MULTI] } : untold, writes: untold, channels: untold }
  }
  const replies = [...harmless.is, ...harmful.is]
  const refused = [...first, ...then].flatMap((words, at) => (isDenied(replies[at]) ? [ruleOf(words)] : []))
  return { refused: { is: refused }, writes: writesOf(harmless.is.slice(0, writes.length)), channels: channelsOf(then, harmful.is) }
}

/** What the user may do with a key. */
export interface Rights {
  readonly name: string
  readonly reads: boolean
  readonly writes: boolean
}

/** What the user may do with each, as far as the server tells. */
export async function rightsTo(questions: Questions, names: readonly string[]): Promise<readonly Rights[]> {
  if (names.length === 0) return []
  // Nothing put at the start of a text changes it, and makes no key. A user without that command is asked for a name beside the key.
  const each = names.map((name): readonly Words[] => [
    ['GET', name],
    ['SETRANGE', name, '0', ''],
    ['SET', beside(name), '1', 'XX'],
  ])
  const replies = await queued(questions, each.flat())
  if (!('is' in replies)) return names.map((name) => ({ name, reads: false, writes: false }))
  return names.map((name, at) => {
    const [get, setRange, set] = replies.is.slice(at * 3, at * 3 + 3)
    return { name, reads: isGranted(get), writes: isGranted(isDenied(setRange) ? set : setRange) }
  })
}

/** Who may not begin a transaction loses that, and nothing more is known. */
export const MULTI = 'multi'

const NO_TRANSACTIONS = 'the server keeps no transactions'

/** How a server takes commands that wait to be run, and never are. */
async function queued(questions: Questions, commands: readonly Words[]): Promise<Told<readonly Reply[]>> {
  const begun = await questions.ask(['MULTI'], (reply) => {
    if (reply !== 'OK') throw new Error('no transaction')
  })
  if (!('is' in begun)) return begun
  const replies = await questions.replies([...commands, ['DISCARD']])
  const answers = replies?.slice(0, -1) ?? []
  const isKept = replies?.at(-1) === 'OK' && answers.every((reply) => reply === 'QUEUED' || isError(reply))
  return isKept ? { is: answers } : { unknown: NO_TRANSACTIONS }
}

/** The command, whatever key it names. One that may not stand in a transaction may be run outside of it. */
const isDenied = (reply: Reply | undefined): boolean =>
  reply !== undefined &&
  isError(reply) &&
  ((reply.error === 'NOPERM' && !isAboutAccess(reply)) || (isUnheardOf(reply) && !/transaction|multi/i.test(reply.text)))

/** Also where another node holds the key: who may not touch it is told so first. */
const isGranted = (reply: Reply | undefined): boolean =>
  reply !== undefined && !(isError(reply) && reply.error === 'NOPERM') && !isDenied(reply)

/** What a state of the server, not a right of the user, makes of a write. */
const STATES = ['OOM', 'MISCONF', 'NOREPLICAS', 'READONLY', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'BUSY']

function writesOf(replies: readonly Reply[]): AccessFacts['writes'] {
  const states = replies.flatMap((reply) => (isError(reply) && STATES.includes(reply.error) ? [reply.error] : []))
  const [state] = states
  if (state !== undefined) return { is: state }
  if (replies.includes('QUEUED')) return { is: '' }
  const [elsewhere] = replies.flatMap((reply) => (isError(reply) ? (whyElsewhere(reply) ?? []) : []))
  return { unknown: elsewhere === undefined ? 'the user may not write where it was asked for' : `${elsewhere} that was asked for` }
}

function channelsOf(commands: readonly Words[], replies: readonly Reply[]): AccessFacts['channels'] {
  const told = replies.filter((_, at) => ['PUBLISH', 'SUBSCRIBE'].includes(commands[at]?.[0] ?? ''))
  if (told.some((reply) => reply === 'QUEUED')) return { is: true }
  return told.some((reply) => isError(reply) && isAboutAccess(reply))
    ? { is: false }
    : { unknown: 'the user may neither publish nor subscribe' }
}
