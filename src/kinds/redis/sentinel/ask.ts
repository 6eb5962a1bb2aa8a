import type { Socket } from 'node:net'
import { ipVersion } from '../../../domain/address.ts'
import { isAttachError } from '../../../domain/errors.ts'
import { NetError } from '../../../net/bounded.ts'
import { type Address, connectFirst } from '../../../net/dial.ts'
import type { Depth, ProbeFailure } from '../../../ports/kind.ts'
import { describeNet } from '../../failure.ts'
import { hostName } from '../../host.ts'
import { explained, Failed, type Run } from '../../probing.ts'
import { Conversation, SERVICE } from '../conversation.ts'
import { redisFailure } from '../failure.ts'
import type { Redis } from '../handle.ts'
import { secretsOf, secure } from '../probe.ts'
import { fieldOf, isError, isList, type Reply, type RespError } from '../resp.ts'
import { type Place, placeOf, type Watch } from './handle.ts'

/** What a sentinel knows of the others and of the master. Null: it did not tell. */
export interface Health {
  /** So many must agree before a failover begins. */
  readonly quorum: number | null
  /** All sentinels of the master that it knows, and itself. */
  readonly known: number | null
  /** Whether a failover could come about, as it sees it. */
  readonly canFailOver: boolean | null
  readonly masterIsDown: boolean | null
}

/** What one sentinel said. */
export type Answer =
  | { readonly from: Place; readonly said: 'master'; readonly master: Place; readonly health: Health }
  | { readonly from: Place; readonly said: 'unknown name' }
  | { readonly from: Place; readonly said: 'nothing'; readonly failure: ProbeFailure }

export interface Question {
  readonly resource: Redis
  readonly watch: Watch
  readonly from: Place
  /** Its addresses, or why it has none. */
  readonly targets: readonly Address[] | NetError
}

export const ASK_FOR_TLS = 'rediss-sentinel://'

/** Connects, TLS, the login, and the questions, all of it within the time to connect. Never rejects for a bad sentinel. */
export async function askSentinel(run: Run, { resource, watch, from, targets }: Question): Promise<Answer> {
  const until = run.now() + run.connectMs
  const bound = () => ({ ms: Math.max(1, until - run.now()), signal: run.signal, now: run.now })
  const sockets: Socket[] = []
  try {
    if (targets instanceof NetError) throw targets
    const plain = await connectFirst(targets, bound())
    sockets.push(plain)
    const secured = await secure(run, { ...resource, host: from.host }, plain, bound().ms)
    if (secured !== null) sockets.push(secured.socket)
    const conversation = new Conversation(secured?.socket ?? plain)
    return await talk(resource, watch, from, (...words) => conversation.ask(words, bound()))
  } catch (error) {
    return { from, said: 'nothing', failure: await failureOf(run, from, error) }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

type Ask = (...words: readonly string[]) => Promise<Reply>

async function talk(resource: Redis, { name, user, password }: Watch, from: Place, ask: Ask): Promise<Answer> {
  if (password !== null) {
    const answer = await ask('AUTH', ...(user === null ? [] : [user]), password.reveal())
    if (isError(answer)) throw refused(answer, resource)
  }
  const told = await ask('SENTINEL', 'get-master-addr-by-name', name)
  if (isError(told)) throw refused(told, resource)
  if (told === null) return { from, said: 'unknown name' }
  const master = masterIn(told)
  if (master === null) throw new Failed({ class: 'permanent', code: 'bad-address', reason: NO_ADDRESS, hint: askYourself(from, name) })
  return { from, said: 'master', master, health: await healthOf(name, ask) }
}

const NO_ADDRESS = 'what it says is no host and port'

/** What a person can run to see the same. */
export const askYourself = ({ host, port }: Place, name: string): string => `see redis-cli -h ${host} -p ${port} SENTINEL MASTER ${name}`

/** Whatever else the list holds, or holds instead, is none. */
function masterIn(told: Reply): Place | null {
  const [host, port, ...more] = isList(told) ? told : []
  if (typeof host !== 'string' || typeof port !== 'string' || more.length > 0 || !/^\d{1,5}$/.test(port)) return null
  const number = Number(port)
  if (number < 1 || number > 65_535) return null
  try {
    return placeOf(ipVersion(host) === 0 ? hostName({ text: host }) : host.toLowerCase(), number)
  } catch (error) {
    if (isAttachError(error)) return null
    throw error
  }
}

/** Not every user may ask it, and not every sentinel has time left: what was not told counts for nothing. */
async function healthOf(name: string, ask: Ask): Promise<Health> {
  try {
    const [master, check] = [await ask('SENTINEL', 'MASTER', name), await ask('SENTINEL', 'CKQUORUM', name)]
    const field = (key: string) => (isList(master) && !isError(master) ? fieldOf(master, key) : undefined)
    const count = (key: string) => {
      const text = field(key)
      return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : null
    }
    const [others, flags] = [count('num-other-sentinels'), field('flags')]
    return {
      quorum: count('quorum'),
      known: others === null ? null : others + 1,
      canFailOver: isError(check) ? (check.error === 'NOQUORUM' ? false : null) : true,
      masterIsDown: typeof flags === 'string' ? /(^|,)[so]_down(,|$)/.test(flags) : null,
    }
  } catch (error) {
    if (error instanceof NetError || error instanceof Failed) return { quorum: null, known: null, canFailOver: null, masterIsDown: null }
    throw error
  }
}

/** The login of the sentinels stands elsewhere in the handle than that of the server. */
function refused(reply: RespError, resource: Redis): Failed {
  if (/unknown command/i.test(reply.text))
    return new Failed({
      class: 'permanent',
      code: 'wrong-service',
      reason: 'a data server answers there, not a sentinel',
      hint: 'name the sentinels (their usual port is 26379), or write redis:// for that server',
    })
  const failure = redisFailure(reply, 'speak', secretsOf(resource))
  const hint =
    failure.failedAt === 'login' ? 'their own login stands in the query: ?sentinel_username=USER&sentinel_password=PASSWORD' : failure.hint
  return new Failed({ ...failure, hint })
}

const DEPTH_OF: Readonly<Record<NetError['at'], Depth>> = { resolve: 'resolve', connect: 'connect', secure: 'secure', talk: 'speak' }

async function failureOf(run: Run, from: Place, error: unknown): Promise<ProbeFailure> {
  if (!(error instanceof NetError)) return failedOf(error, 'speak')
  const failedAt = DEPTH_OF[error.at]
  const told = await explained(run, error, { address: from, service: SERVICE, tls: ASK_FOR_TLS, at: failedAt })
  if (told !== error) return failedOf(told, failedAt)
  return { failedAt, code: error.code, ...describeNet(error.code, { depth: failedAt, service: 'Redis Sentinel' }) }
}

function failedOf(error: unknown, failedAt: Depth): ProbeFailure {
  if (!(error instanceof Failed)) throw error
  return { failedAt, ...error.failure }
}
