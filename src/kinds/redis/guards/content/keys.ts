import type { core } from 'zod'
import type { Survey } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { isAboutKeys, type Questions, whyElsewhere } from '../../questions.ts'
import { isError } from '../../resp.ts'

/** How much it holds, as it is kept in a baseline. */
export const keysSchema = (z: Zod) =>
  z.strictObject({
    count: toldSchema(z, z.number()),
    /** Of some keys of the other one: how many stand here too, and how many the user may not touch here. */
    sample: toldSchema(z, z.strictObject({ asked: z.number(), found: z.number(), refused: z.number() })),
  })

export type KeysFacts = core.output<ReturnType<typeof keysSchema>>

const SAMPLE = 100
const KEY_MAX = 4_096

/** Names of keys may be secrets (`session:…`): they live as long as this process and stand in no survey. */
const samples = new WeakMap<Survey, readonly string[]>()

/** `keys`: some that stand there. To be called once the survey is made. */
export const keepSample = (survey: Survey, keys: readonly string[]): unknown => samples.set(survey, keys)

export const countOf = (questions: Questions): Promise<KeysFacts['count']> =>
  questions.ask(['DBSIZE'], (reply) => {
    if (typeof reply !== 'number') throw new Error('no number')
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
  const replies = await questions.replies(keys.map((key) => ['EXISTS', key]))
  if (replies === null) return { unknown: 'no time was left to ask' }
  const refused = replies.filter((reply) => isError(reply) && isAboutKeys(reply)).length
  const answered = replies.filter((reply) => typeof reply === 'number').length
  // A node of a cluster answers for its own slots.
  const elsewhere = replies.filter((reply) => isError(reply) && whyElsewhere(reply) !== null).length
  if (elsewhere > 0 && elsewhere === keys.length) return { unknown: 'other nodes of the cluster hold the keys of the old one' }
  if (answered + refused + elsewhere < keys.length) return { unknown: 'the server would not tell whether a key stands there' }
  return { is: { asked: keys.length - elsewhere, found: replies.filter((reply) => reply === 1).length, refused } }
}
