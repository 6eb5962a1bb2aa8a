import type { Socket } from 'node:net'
import { found } from '../../domain/finding.ts'
import { harmless } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { type Opened, openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { tlsFindings } from '../tls.ts'
import { numberIn, type Stats, statsIn, tubesIn } from './body.ts'
import { REMARKED } from './checks.ts'
import { Conversation, SERVICE } from './conversation.ts'
import { beanstalkdFailure } from './failure.ts'
import type { Beanstalkd } from './handle.ts'

/** A conversation that came all the way. */
export interface Live {
  readonly socket: Socket
  readonly conversation: Conversation
  readonly tube: string | null
}

/** Resolve, connect, stats, list-tubes. Uses no tube, takes no job and puts none. */
export const probeBeanstalkd = (resource: Beanstalkd, context: ProbeContext): Promise<ProbeReport> =>
  probeOnly(openBeanstalkd(resource, context))

/** The same, and the conversation stays open when it came to depth `use`. */
export const openBeanstalkd = ({ host, port, tube }: Beanstalkd, context: ProbeContext): Promise<Opened<Live>> =>
  openProbe(context, { address: { host, port }, service: SERVICE, askForTls: null }, (run, socket) => converse(run, socket, { host, tube }))

async function converse(run: Run, socket: Socket, { host, tube }: Pick<Beanstalkd, 'host' | 'tube'>): Promise<Live | null> {
  run.learn({ tls: null })
  run.findings.push(...tlsFindings(null, host, run.today))
  if (run.passed()) return null // There is no TLS that could fail,
  const conversation = new Conversation(socket)
  const stats = statsIn(await bodyOf(run, conversation, 'stats'))
  if (run.passed()) return null
  if (run.passed()) return null // and no login.
  const tubes = tubesIn(await bodyOf(run, conversation, 'list-tubes'))
  learn(run, stats, tubes.length)
  run.passed()
  return { socket, conversation, tube }
}

async function bodyOf(run: Run, conversation: Conversation, question: string): Promise<Buffer> {
  const answer = await conversation.ask(question, { ms: run.exchangeMs, signal: run.signal, now: run.now })
  if ('error' in answer) throw new Failed(beanstalkdFailure(answer.error))
  return answer.body
}

/** Names of counts in the facts, and in `stats`. */
const COUNTS = {
  ready: 'current-jobs-ready',
  reserved: 'current-jobs-reserved',
  delayed: 'current-jobs-delayed',
  buried: 'current-jobs-buried',
}

function learn(run: Run, stats: Stats, tubes: number): void {
  const [version, id, hostname] = ['version', 'id', 'hostname'].map((name) => harmless(stats.get(name) ?? '', []))
  const draining = stats.get('draining')
  const counts = Object.entries(COUNTS).flatMap(([name, field]) => {
    const count = numberIn(stats, field)
    return count === null ? [] : [[name, count] as const]
  })
  run.learn({
    product: SERVICE,
    ...(version ? { version } : {}),
    role: 'primary',
    // Before 1.12 it was not told: such a server drains or does not.
    writable: draining === 'true' ? false : draining === 'false' ? true : 'unknown',
    more: { ...(id ? { id } : {}), ...(hostname ? { hostname } : {}), tubes, ...Object.fromEntries(counts) },
  })
  if (draining === 'true')
    run.findings.push(
      found(REMARKED.drains, 'the server drains: it gives jobs out, and takes none', { remedy: 'restart it, or name another one' }),
    )
}
