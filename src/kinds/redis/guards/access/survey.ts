import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import { from, type Info, numberOf } from '../../info.ts'
import type { Live } from '../../probe.ts'
import type { Questions } from '../../questions.ts'
import { fieldOf, isList, type Reply } from '../../resp.ts'
import { rehearse } from './rehearsal.ts'

/** What the user may do there, and what the server can do, as it is kept in a baseline. */
export const accessSchema = (z: Zod) =>
  z.strictObject({
    /** Of the commands that apps use most: `script|load`. */
    refused: toldSchema(z, z.array(z.string())),
    /** Whether it may publish to a channel that has no special name. */
    channels: toldSchema(z, z.boolean()),
    /** Channels and patterns that somebody listens to now. */
    subscribed: toldSchema(z, countSchema(z)),
    /** The word with which it refuses a write now, of whoever asks: `OOM`. Empty: it would take one. */
    writes: toldSchema(z, z.string()),
    modules: toldSchema(z, z.array(z.string())),
    functions: toldSchema(z, z.array(z.string())),
    /** Letters of notify-keyspace-events. */
    notify: toldSchema(z, z.string()),
  })

export type AccessFacts = core.output<ReturnType<typeof accessSchema>>

const NAMES_MAX = 1_000

/** `near`: a key that the user may touch; a name beside it is not shut out by patterns of the ACL. */
export async function surveyAccess(questions: Questions, live: Live, info: Told<Info>, near: string | null): Promise<AccessFacts> {
  const list = (read: (reply: Reply) => string | null) => (reply: Reply) => namesIn(reply, read).map((name) => questions.shown(name))
  const modules: Told<readonly string[]> =
    live.modules === null
      ? await questions.ask(['MODULE', 'LIST'], list(nameUnder('name')), beforeVersion(4, live))
      : { is: live.modules.slice(0, NAMES_MAX) }
  const functions = await questions.ask(['FUNCTION', 'LIST'], functionsIn, beforeVersion(7, live))
  const notify = await questions.ask(['CONFIG', 'GET', 'notify-keyspace-events'], (reply) => settingIn(reply, 'notify-keyspace-events'))
  return {
    ...(await rehearse(questions, near)),
    subscribed: from(info, (fields) => numberOf(fields, 'pubsub_channels') + numberOf(fields, 'pubsub_patterns')),
    modules: 'is' in modules ? { is: [...modules.is] } : modules,
    functions: 'is' in functions ? { is: functions.is.map((name) => questions.shown(name)) } : functions,
    notify: 'is' in notify && !/^[A-Za-z$]{0,32}$/.test(notify.is) ? { unknown: 'the answer is not what Redis would say' } : notify,
  }
}

/** A server that is older has none of them. A newer one that does not know the question was told to hide it, and may have some. */
function beforeVersion(since: number, { facts: { version } }: Live): Told<readonly string[]> | undefined {
  const major = version === undefined ? Number.NaN : Number.parseInt(version, 10)
  return major < since ? { is: [] } : undefined
}

/** Throws where there is no such setting. */
export function settingIn(reply: Reply, name: string): string {
  const text = isList(reply) ? fieldOf(reply, name) : undefined
  if (typeof text !== 'string') throw new Error('no such setting')
  return text
}

const nameUnder = (name: string) => (reply: Reply) => {
  const text = isList(reply) ? fieldOf(reply, name) : undefined
  return typeof text === 'string' ? text : null
}

/** Throws when it is no list. */
function namesIn(reply: Reply, read: (each: Reply) => string | null): readonly string[] {
  if (!isList(reply)) throw new Error('no list')
  return reply.slice(0, NAMES_MAX).flatMap((each) => read(each) ?? [])
}

/** `library.function`. */
function functionsIn(reply: Reply): readonly string[] {
  if (!isList(reply)) throw new Error('no list')
  const all = reply.flatMap((library) => {
    const functions = isList(library) ? fieldOf(library, 'functions') : undefined
    const name = nameUnder('library_name')(library)
    return isList(functions) ? namesIn(functions, nameUnder('name')).map((each) => `${name}.${each}`) : []
  })
  return all.slice(0, NAMES_MAX)
}
