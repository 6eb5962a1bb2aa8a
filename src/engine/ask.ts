import type { Side } from '../domain/event.ts'
import type { ProbeReport } from '../domain/probe.ts'
import { type Kinds, type Opened, PROBE_LIMITS, type ProbeContext, type Resource, type Session } from '../ports/kind.ts'
import type { Reporter } from '../ports/reporter.ts'

/** What was asked and answered for one resource. */
export interface Probed {
  /** The key, or what a handle without one is called. */
  readonly key: string
  readonly side: Side
  readonly resource: Resource
  readonly report: ProbeReport
}

/** The same, with the session that it left open. Null: it failed, or its kind keeps none. */
export interface Asked extends Probed {
  readonly session: Session | null
}

export interface ProbeSetting {
  readonly kinds: Kinds
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Monotonic clock, milliseconds. */
  readonly clock: () => number
  /** ISO 8601, UTC. */
  readonly now: () => string
}

/** Probes one resource and tells the reporter before and after. */
export const probe = async (key: string, side: Side, resource: Resource, setting: ProbeSetting): Promise<Probed> =>
  await ask(key, side, resource, setting, async (context) => ({ report: await resource.probe(context), session: null }))

/** The same with something of its own put there and taken away again, where the kind knows how: see `Kind.writeProbe`. */
export const writeProbe = async (key: string, resource: Resource, setting: ProbeSetting): Promise<Probed> =>
  await ask(key, 'attached', resource, setting, async (context) => ({
    report: await (resource.writeProbe ?? resource.probe)(context),
    session: null,
  }))

/** The same, and the session stays open: whoever asked closes it. */
export const open = async (key: string, side: Side, resource: Resource, setting: ProbeSetting): Promise<Asked> =>
  await ask(key, side, resource, setting, (context) => resource.open(context))

async function ask(
  key: string,
  side: Side,
  resource: Resource,
  { reporter, signal, clock, now }: ProbeSetting,
  how: (context: ProbeContext) => Promise<Opened>,
): Promise<Asked> {
  const where = whereOf(resource)
  const { kind, identity } = resource
  reporter.event({ type: 'probing', key, where, side })
  const { report, session } = await how({
    signal,
    depth: resource.depth ?? 'use',
    limits: PROBE_LIMITS,
    now: clock,
    today: () => Date.parse(now()),
  })
  reporter.event({ type: 'probed', key, kind, where, identity, side, report })
  return { key, side, resource, report, session }
}

/** `localhost:5432`, `localhost:11211 +2` where two more are listed, or the path of a socket. */
export function whereOf({ identity: { host, port, others = [] } }: Resource): string {
  if (port === undefined) return host
  const more = others.length === 0 ? '' : ` +${others.length}`
  return `${host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`}${more}`
}
