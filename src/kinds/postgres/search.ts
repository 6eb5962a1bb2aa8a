import type { Finding } from '../../domain/finding.ts'
import { NetError } from '../../net/bounded.ts'
import type { ProbeFailure } from '../../ports/kind.ts'
import { Failed, failureOf, type Mark, type Run } from '../probing.ts'
import type { Postgres } from './handle.ts'
import type { Server, Wanted } from './hosts.ts'
import { Unmet } from './wanted.ts'

export const SERVICE = 'PostgreSQL'

/** One server of a list, and which session of it will do. */
interface Turn {
  readonly server: Server
  readonly wanted: Wanted
}

/** How it was met: what it failed with, and what was learned until then. */
interface Tried extends Turn {
  readonly failure: ProbeFailure
  /** In what its session is another one than asked for. Null: it failed before that. */
  readonly why: Unmet['why'] | null
  readonly mark: Mark
}

/** Hosts of a list that are told one by one. */
const TOLD_MAX = 6

/**
 * Asks the servers of a handle one after the other, as libpq does, and answers with the first that will do. A list with prefer-standby is gone
 * through twice: who answered and is no standby will do then. Throws what there is to say of them all.
 */
export async function search<L>(run: Run, resource: Postgres, attempt: (one: Postgres) => Promise<L | null>): Promise<L | null> {
  const { others, wanted } = resource
  if (others.length === 0) return await attempt(wanted === 'prefer-standby' ? { ...resource, wanted: 'any' } : resource)
  const { address, host, place } = resource
  const turns: Turn[] = [{ address, host, place }, ...others].map((server) => ({ server, wanted }))
  const start = run.mark()
  let tried: readonly Tried[] = []
  for (const [at, turn] of turns.entries()) {
    const rest = turns.length - at - 1
    run.share(rest + 1)
    tried = tried.filter(({ server }) => server !== turn.server)
    try {
      const live = await attempt({ ...resource, ...turn.server, wanted: turn.wanted })
      taken(run, resource, turn.server, tried)
      return live
    } catch (error) {
      if (run.signal.aborted) throw error
      const failure = failureOf(run, error, SERVICE)
      tried = [...tried, { ...turn, failure, why: error instanceof Unmet ? error.why : null, mark: run.mark() }]
      if (!goesOn(error, failure)) throw new Failed({ ...failure, reason: told(tried), hint: hintOf(failure, rest) })
      if (error instanceof Unmet && turn.wanted === 'prefer-standby') turns.push({ ...turn, wanted: 'any' })
      run.back(start)
    }
  }
  throw summed(run, tried)
}

const hintOf = ({ hint }: ProbeFailure, rest: number): string =>
  rest === 0 ? hint : `${hint} (libpq asks no further host of the list after this)`

/**
 * As libpq 14 and newer: no address, no connection, no answer in time (with connect_timeout), a server that starts or stops, and a session of another
 * sort than asked for. A refused login, a TLS that cannot be agreed on, or a server that hangs up ends the search.
 */
function goesOn(error: unknown, { failedAt, code }: ProbeFailure): boolean {
  if (error instanceof NetError) return failedAt === 'resolve' || failedAt === 'connect' || code === 'timeout'
  return error instanceof Unmet || code === '57P03'
}

/** The report of a list whose server was found: who it is, and how the earlier ones were met. */
function taken(run: Run, resource: Postgres, server: Server, tried: readonly Tried[]): void {
  const count = resource.others.length + 1
  run.learn({ more: { server: server.place, hosts: count } })
  const dead = tried.filter(({ why }) => why === null)
  const unasked = count - 1 - tried.length
  const did = run.at === 'resolve' ? 'has an address' : 'answers'
  const rest = unasked === 0 ? [] : [`${unasked} further ${unasked === 1 ? 'host was' : 'hosts were'} not asked`]
  const detail = [...(tried.length === 0 ? [] : [told(tried)]), `${server.place} ${did}`, ...rest].join('; ')
  run.findings.push(dead.length === 0 ? calm(detail, tried) : warned(detail, dead, resource, count))
}

/** Worth knowing, and no more: who was passed over is well, and whether those behind are is not known. */
const calm = (detail: string, tried: readonly Tried[]): Finding => ({
  id: 'pg.host',
  severity: 'info',
  status: tried.length === 0 ? 'unknown' : 'warn',
  detail,
})

function warned(detail: string, dead: readonly Tried[], { traits }: Postgres, count: number): Finding {
  const waits = dead.some(({ failure }) => failure.code === 'timeout') && !traits.parameters.has('connect_timeout')
  const remedy = 'start it, or take it out of the list'
  return {
    id: 'pg.host',
    severity: 'warn',
    status: 'warn',
    detail: `${dead.length} of ${count} hosts did not answer: ${detail}`,
    remedy: waits ? `${remedy}; without connect_timeout in the handle libpq waits for it for minutes` : remedy,
  }
}

/** None will do. Who came furthest is told by its stage; while one of them may come back, another try may find it. */
function summed(run: Run, tried: readonly Tried[]): Error {
  const [furthest] = [...tried].sort((a, b) => b.mark.stages.length - a.mark.stages.length)
  if (furthest === undefined) return new NetError('talk', 'timeout')
  run.back(furthest.mark)
  const { failedAt, code, hint } = furthest.failure
  const wanted = tried.find(({ why }) => why !== null)?.wanted
  const asked = wanted === undefined ? '' : `, and the handle asks for target_session_attrs=${wanted}`
  const mayPass = tried.some(({ failure }) => failure.class === 'transient')
  return new Failed({ failedAt, class: mayPass ? 'transient' : 'permanent', code, reason: `${told(tried)}${asked}`, hint })
}

function told(tried: readonly Tried[]): string {
  const lines = tried.map(({ server: { place }, failure: { code, reason }, why }) => {
    if (why !== null) return `${place} ${why}`
    return code === 'ECONNREFUSED' ? `${place} refused` : `${place}: ${reason}`
  })
  if (lines.length <= TOLD_MAX) return lines.join('; ')
  // The last one may be what ended the search.
  return [...lines.slice(0, TOLD_MAX - 1), `${lines.length - TOLD_MAX} more`, ...lines.slice(-1)].join('; ')
}
