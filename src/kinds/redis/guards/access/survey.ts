import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Live } from '../../probe.ts'
import { isAboutKeys, isUnheardOf, type Questions, type Words, whyElsewhere } from '../../questions.ts'
import { fieldOf, isError, isList, type Reply } from '../../resp.ts'

/** What the user may do there, and what the server can do, as it is kept in a baseline. */
export const accessSchema = (z: Zod) =>
  z.strictObject({
    /** Of the commands that apps use most. */
    refused: toldSchema(z, z.array(z.string())),
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
export async function surveyAccess(questions: Questions, live: Live, near: string | null): Promise<AccessFacts> {
  const list = (read: (reply: Reply) => string | null) => (reply: Reply) => namesIn(reply, read).map((name) => questions.shown(name))
  const modules: Told<readonly string[]> =
    live.modules === null
      ? await questions.ask(['MODULE', 'LIST'], list(nameUnder('name')), { is: [] })
      : { is: live.modules.slice(0, NAMES_MAX) }
  const functions = await questions.ask(['FUNCTION', 'LIST'], functionsIn, { is: [] })
  const notify = await questions.ask(['CONFIG', 'GET', 'notify-keyspace-events'], (reply) => settingIn(reply, 'notify-keyspace-events'))
  return {
    ...(await rehearse(questions, near)),
    modules: 'is' in modules ? { is: [...modules.is] } : modules,
    functions: 'is' in functions ? { is: functions.is.map((name) => questions.shown(name)) } : functions,
    notify: 'is' in notify && !/^[A-Za-z$]{0,32}$/.test(notify.is) ? { unknown: 'the answer is not what Redis would say' } : notify,
  }
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

/**
 * Commands that apps use most, each such that it would change nothing where there is no such key. None of them is ever run: they wait in a
 * transaction that is thrown away. A server refuses what it would refuse when they are put there.
 */
const rehearsed = (key: string): readonly Words[] => [
  ...WRITES.map((write) => write(key)),
  ...[
    ['GET', key],
    ['EXPIRE', key, '60'],
    ['DEL', key],
    ['HGET', key, 'f'],
    ['HDEL', key, 'f'],
    ['LRANGE', key, '0', '0'],
    ['RPOP', key],
    ['BRPOP', key, '1'],
    ['SISMEMBER', key, 'm'],
    ['SREM', key, 'm'],
    ['ZRANGE', key, '0', '0'],
    ['ZREM', key, 'm'],
    ['XREAD', 'COUNT', '1', 'STREAMS', key, '0'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '1', 'STREAMS', key, '>'],
    ['XACK', key, 'g', '1-1'],
    ['EVALSHA', '0'.repeat(40), '0'],
    ['SCAN', '0', 'COUNT', '1'],
    ['INFO', 'server'],
  ],
]

/** What a server that is full or cannot save refuses first. */
const WRITES: readonly ((key: string) => Words)[] = [
  (key) => ['SET', key, '1', 'XX'],
  (key) => ['LPUSHX', key, '1'],
  (key) => ['ZADD', key, 'XX', '1', 'm'],
  (key) => ['XADD', key, 'NOMKSTREAM', '*', 'f', 'v'],
]

/** What a state of the server, not a right of the user, makes of a write. */
const STATES = ['OOM', 'MISCONF', 'NOREPLICAS', 'READONLY', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'BUSY']

async function rehearse(questions: Questions, near: string | null): Promise<Pick<AccessFacts, 'refused' | 'writes'>> {
  const commands = rehearsed(near === null ? NOTHING : beside(near))
  const begun = await questions.ask(['MULTI'], (reply) => {
    if (reply !== 'OK') throw new Error('no transaction')
  })
  if (!('is' in begun)) return { refused: begun, writes: begun }
  const replies = await questions.replies([...commands, ['DISCARD']])
  const queued = replies?.slice(0, -1) ?? []
  if (replies === null || replies.at(-1) !== 'OK' || !queued.every((reply) => reply === 'QUEUED' || isError(reply))) {
    const odd = { unknown: 'the server keeps no transactions' }
    return { refused: odd, writes: odd }
  }
  const refused = commands.flatMap(([name = ''], at) => {
    const reply = queued[at]
    return isDenied(reply) ? [name] : []
  })
  return { refused: { is: refused }, writes: writesOf(queued.slice(0, WRITES.length)) }
}

const NOTHING = 'attach:nothing-stands-here'

/** A name that begins as that of a key, and that the same node of a cluster holds: what stands in braces decides. */
function beside(near: string): string {
  const name = `${near}:${NOTHING}`
  return /[{}]/.test(near) ? name : `${name}:{${near}}`
}

const isDenied = (reply: Reply | undefined): boolean =>
  reply !== undefined && isError(reply) && ((reply.error === 'NOPERM' && !isAboutKeys(reply)) || isUnheardOf(reply))

function writesOf(replies: readonly Reply[]): AccessFacts['writes'] {
  const states = replies.flatMap((reply) => (isError(reply) && STATES.includes(reply.error) ? [reply.error] : []))
  const [state] = states
  if (state !== undefined) return { is: state }
  if (replies.includes('QUEUED')) return { is: '' }
  const [elsewhere] = replies.flatMap((reply) => (isError(reply) ? (whyElsewhere(reply) ?? []) : []))
  return { unknown: elsewhere === undefined ? 'the user may not write where it was asked for' : `${elsewhere} that was asked for` }
}
