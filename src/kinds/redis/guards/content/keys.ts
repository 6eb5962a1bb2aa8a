import type { core } from 'zod'
import type { Survey } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import { isAboutAccess, type Questions, whyElsewhere } from '../../questions.ts'
import { isError, type Reply } from '../../resp.ts'
import { type Rights, rightsTo } from '../access/rehearsal.ts'

/** How much it holds, as it is kept in a baseline. */
export const keysSchema = (z: Zod) =>
  z.strictObject({
    count: toldSchema(z, countSchema(z)),
    /**
     * Of some keys of the other one: how many stand here too, how many the user may not touch here, and how many of the rest it may not read or not
     * write here, and may there.
     */
    sample: toldSchema(
      z,
      z.strictObject({ asked: countSchema(z), found: countSchema(z), refused: countSchema(z), lesser: countSchema(z) }),
    ),
  })

export type KeysFacts = core.output<ReturnType<typeof keysSchema>>

const SAMPLE = 100
const KEY_MAX = 4_096

/** Names of keys may be secrets (`session:…`): they live as long as this process and stand in no survey. */
const samples = new WeakMap<Survey, readonly Rights[]>()

/** `keys`: some that stand there. To be called once the survey is made. */
export const keepSample = (survey: Survey, keys: readonly Rights[]): unknown => samples.set(survey, keys)

export const countOf = (questions: Questions): Promise<KeysFacts['count']> =>
  questions.ask(['DBSIZE'], (reply) => {
    if (typeof reply !== 'number' || reply < 0) throw new Error('no number')
    return reply
  })

/** Keys that stand there and that the user may touch. Asking does not make them look used. */
export async function sampleOf(questions: Questions, count: KeysFacts['count']): Promise<readonly string[]> {
  if ('is' in count && count.is === 0) return []
  const drawn = await questions.askAll(Array(SAMPLE).fill(['RANDOMKEY']), (reply) => (typeof reply === 'string' ? reply : ''))
  const keys = [...new Set(drawn.flatMap((each) => ('is' in each && isPlain(each.is) ? [each.is] : [])))]
  const standing = await questions.replies(keys.map((key) => ['EXISTS', key]))
  return keys.filter((_, at) => standing?.[at] === 1)
}

/** A name that is no text would be asked for wrongly. */
const isPlain = (key: string): boolean => key !== '' && key.length <= KEY_MAX && !key.includes('\ufffd')

/** How many keys of the sample of the other one stand here. */
export async function compareSample(questions: Questions, against: Survey | null): Promise<KeysFacts['sample']> {
  const keys = against === null ? undefined : samples.get(against)
  if (keys === undefined) return { unknown: 'no keys of the old one are known' }
  const replies = await questions.replies(keys.map(({ name }) => ['EXISTS', name]))
  if (replies === null) return { unknown: 'no time was left to ask' }
  const isRefused = (reply: Reply): boolean => isError(reply) && isAboutAccess(reply)
  const refused = replies.filter(isRefused).length
  const answered = replies.filter((reply) => typeof reply === 'number').length
  // A node of a cluster answers for its own slots.
  const elsewhere = replies.filter((reply) => isError(reply) && whyElsewhere(reply) !== null).length
  if (elsewhere > 0 && elsewhere === keys.length) return { unknown: 'other nodes of the cluster hold the keys of the old one' }
  if (answered + refused + elsewhere < keys.length) return { unknown: 'the server would not tell whether a key stands there' }
  const touched = keys.filter((_, at) => typeof replies[at] === 'number')
  const lesser = await countLesser(questions, touched)
  return { is: { asked: keys.length - elsewhere, found: replies.filter((reply) => reply === 1).length, refused, lesser } }
}

/** With how many the user may do less here than there. */
async function countLesser(questions: Questions, there: readonly Rights[]): Promise<number> {
  const here = await rightsTo(
    questions,
    there.map(({ name }) => name),
  )
  return there.filter(({ reads, writes }, at) => (reads && here[at]?.reads === false) || (writes && here[at]?.writes === false)).length
}
