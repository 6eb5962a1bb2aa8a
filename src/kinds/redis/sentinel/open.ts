import type { Socket } from 'node:net'
import { isHere } from '../../../domain/place.ts'
import { bounded, NetError } from '../../../net/bounded.ts'
import { connectFirst, resolve } from '../../../net/dial.ts'
import type { ProbeContext } from '../../../ports/kind.ts'
import { describeNet } from '../../failure.ts'
import { goThrough, type Opened, openRun } from '../../opening.ts'
import { Failed, type Run } from '../../probing.ts'
import { SERVICE } from '../conversation.ts'
import type { Redis } from '../handle.ts'
import { converse, type Live } from '../probe.ts'
import { isList } from '../resp.ts'
import { type Answer, ASK_FOR_TLS, askSentinel, askYourself, type Question } from './ask.ts'
import type { Watch } from './handle.ts'
import { isSamePlace, namedIn, nobodyNames, sentinelsTold, unreachable } from './judge.ts'

/** A failover takes a moment between the new master's promotion and the sentinels' word of it. */
const AGAIN_MS = 400

type Named = ReturnType<typeof namedIn>[number]

/** What a sentinel named is not, or not from here, the master: another sentinel may know better. */
class Astray extends Failed {
  readonly why: 'unreachable' | 'replica'

  constructor(why: Astray['why'], failure: Failed['failure']) {
    super(failure)
    this.why = why
  }
}

/**
 * Resolve: the sentinels. Connect: all of them are asked, at the same time, and the master that they name is reached. From there on it is the probe of
 * that server, which must say that it is the master. https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
export const openWatched = (resource: Redis, watch: Watch, context: ProbeContext): Promise<Opened<Live>> =>
  openRun(context, SERVICE, async (run) => {
    const questions = await questionsFor(run, resource, watch)
    if (run.passed()) return null
    const first = await attempt(run, resource, watch, questions)
    if (!(first instanceof Astray)) return first
    if (first.why === 'unreachable' || run.left < 4 * AGAIN_MS) throw first
    await pause(run)
    const second = await attempt(run, resource, watch, questions)
    if (second instanceof Astray) throw second
    return second
  })

/** Throws NetError when no sentinel has an address. */
async function questionsFor(run: Run, resource: Redis, watch: Watch): Promise<readonly Question[]> {
  const questions = await Promise.all(
    watch.sentinels.map(async (from) => ({
      ...{ resource, watch, from },
      targets: await resolve(from, { ms: run.connectMs, signal: run.signal }).catch(orNetError),
    })),
  )
  const [first] = questions
  if (first !== undefined && first.targets instanceof NetError && questions.every(({ targets }) => targets instanceof NetError))
    throw first.targets
  return questions
}

/** Each master that is named, in the order of the sentinels, until one is the master. Astray: none is. */
async function attempt(run: Run, resource: Redis, watch: Watch, questions: readonly Question[]): Promise<Live | null | Astray> {
  run.again('connect')
  const answers = await Promise.all(questions.map((question) => askSentinel(run, question)))
  const named = namedIn(answers)
  const candidates = named.filter(({ master }, at) => named.findIndex((each) => isSamePlace(each.master, master)) === at)
  const strays: Astray[] = []
  for (const candidate of candidates) {
    if (strays.length > 0) run.again('connect')
    try {
      return await toMaster(run, resource, { watch, answers, candidate })
    } catch (error) {
      if (!(error instanceof Astray)) throw error
      strays.push(error)
    }
  }
  return strays.find(({ why }) => why === 'replica') ?? strays[0] ?? fail(nobodyNames(watch, answers))
}

interface Candidate {
  readonly watch: Watch
  readonly answers: readonly Answer[]
  readonly candidate: Named
}

/** What an earlier candidate told is forgotten. */
async function toMaster(run: Run, resource: Redis, { watch, answers, candidate }: Candidate): Promise<Live | null> {
  const { master } = candidate
  run.findings.splice(0)
  run.facts = {}
  run.learn({ more: { sentinels: watch.sentinels.length, master: master.text } })
  run.findings.push(sentinelsTold(watch, answers, master))
  return goThrough(
    run,
    { address: master, service: SERVICE, askForTls: ASK_FOR_TLS },
    {
      reach: () => reachMaster(run, candidate, watch.name),
      converse: async (_, socket) => {
        const live = await converse(run, socket, { ...resource, address: master, host: master.host }).catch(ofAnnounced)
        await mustBeMaster(run, live, candidate, watch.name)
        return live
      },
    },
  )
}

async function reachMaster(run: Run, candidate: Named, name: string): Promise<Socket | null> {
  const { from, master } = candidate
  // Whatever listens at that port of this machine is another server: nobody may take it for the master.
  if (isHere(master.host) && !isHere(from.host)) {
    const failure = { class: 'permanent', code: 'loopback', reason: 'it would be this machine', hint: '' } as const
    throw new Astray('unreachable', unreachable(candidate, name, failure))
  }
  const started = run.now()
  const bound = run.connectMs
  try {
    const targets = await resolve(master, { ms: bound, signal: run.signal })
    const socket = await connectFirst(targets, { ms: bound - (run.now() - started), signal: run.signal, now: run.now })
    if (!run.passed()) return socket
    socket.destroy()
    return null
  } catch (error) {
    if (!(error instanceof NetError) || error.code === 'aborted') throw error
    const described = describeNet(error.code, { depth: 'connect', service: SERVICE })
    throw new Astray('unreachable', unreachable(candidate, name, { code: error.code, ...described }))
  }
}

/** HELLO told it to every user; an older server is asked by ROLE. One that does not tell is believed: the sentinels said so. */
async function mustBeMaster(run: Run, live: Live | null, { from, master }: Named, name: string): Promise<void> {
  const exchange = { ms: run.exchangeMs, signal: run.signal, now: run.now }
  const asked = live !== null && run.facts.role === 'unknown' ? await live.conversation.ask(['ROLE'], exchange) : null
  if (run.facts.role !== 'replica' && !(isList(asked ?? undefined) && ['slave', 'sentinel'].includes(wordOf(asked)))) return
  run.again(run.at)
  throw new Astray('replica', {
    failedAt: run.at,
    class: 'transient',
    code: 'not-master',
    reason: `the sentinels name ${master.text} as the master ${name}, and it says that it is a replica: a failover is under way, or they are out of date`,
    hint: `wait for its end (attach wait); ${askYourself(from, name)}`,
  })
}

/** What a certificate is held against is what the sentinels say, and not what stands in the handle. */
function ofAnnounced(error: unknown): never {
  if (!(error instanceof NetError) || error.code !== 'ERR_TLS_CERT_ALTNAME_INVALID') throw error
  const { reason, ...described } = describeNet(error.code, { depth: 'secure', service: SERVICE })
  throw new Failed({
    ...described,
    code: error.code,
    reason: `${reason} than the sentinels say`,
    hint: 'let them say names (resolve-hostnames and announce-hostnames), or ask for ssl_check_hostname=false',
  })
}

const wordOf = (reply: unknown): string => (Array.isArray(reply) && typeof reply[0] === 'string' ? reply[0] : '')

const pause = (run: Run): Promise<void> =>
  bounded<void>({ at: 'talk', ms: run.left, signal: run.signal }, (done) => {
    const timer = setTimeout(done, AGAIN_MS)
    return () => clearTimeout(timer)
  })

const fail = (error: Failed): never => {
  throw error
}

function orNetError(error: unknown): NetError {
  if (error instanceof NetError) return error
  throw error
}
