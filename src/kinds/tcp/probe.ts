import { resolveSrv } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { bounded, codeOf, NetError } from '../../net/bounded.ts'
import { type Address, connectFirst, resolve } from '../../net/dial.ts'
import { upgrade } from '../../net/tls.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { describeNet } from '../failure.ts'
import { explained, probing, type Run } from '../probing.ts'
import { negotiated, tlsFindings } from '../tls.ts'
import type { TcpResource } from './handle.ts'

type Place = TcpResource['addresses'][number]

/** Whoever of the list answered, and why the others did not. */
interface Reached {
  readonly socket: Socket
  readonly place: Place
  readonly dead: readonly string[]
}

/** Resolve, connect, and TLS where the handle asks for it. Of several hosts one that answers is enough: a client is told the others by it. */
export const probeTcp = (resource: TcpResource, context: ProbeContext): Promise<ProbeReport> =>
  probing(context, resource.service.product, async (run) => {
    const places = await placesOf(run, resource)
    if (run.passed()) return
    const { socket, place, dead } = await reachAny(run, places)
    try {
      for (const detail of dead)
        run.findings.push({ id: 'tcp.host', severity: 'warn', status: 'warn', detail, remedy: 'start it, or take it out of the list' })
      if (run.passed()) return
      await secure(run, resource, socket, place)
      const detail = `reachable: something listens there. Whether it is ${resource.service.product}, and is well, was not asked`
      run.findings.push({ id: 'probe.reachable', severity: 'info', status: 'unknown', detail })
      run.passed()
    } finally {
      socket.destroy()
    }
  })

async function placesOf(
  run: Run,
  { addresses, service }: TcpResource,
): Promise<readonly { readonly place: Place; readonly targets: readonly Address[] | NetError }[]> {
  const named = service.srv === undefined ? addresses : await recordsOf(run, `${service.srv}.${addresses[0]?.host}`)
  const found = await Promise.all(
    named.map(async (place) => ({ place, targets: await resolve(place, { ms: run.connectMs, signal: run.signal }).catch(orNetError) })),
  )
  const [first] = found
  if (first !== undefined && found.every(({ targets }) => targets instanceof NetError)) throw first.targets
  return found
}

/** RFC 2782. What cannot be cancelled is left behind when the time passes. */
const recordsOf = (run: Run, name: string): Promise<readonly Place[]> =>
  bounded<readonly Place[]>({ at: 'resolve', ms: run.connectMs, signal: run.signal }, (done, fail) => {
    resolveSrv(name).then(
      (records) => done(records.slice(0, 16).map(({ name: host, port }) => ({ host, port }))),
      (error: unknown) => fail(new NetError('resolve', codeOf(error))),
    )
    return () => {}
  })

async function reachAny(run: Run, places: Awaited<ReturnType<typeof placesOf>>): Promise<Reached> {
  const { signal, now, connectMs } = run
  const tried = await Promise.all(
    places.map(async ({ place, targets }) => ({
      place,
      end: targets instanceof NetError ? targets : await connectFirst(targets, { ms: connectMs, signal, now }).catch(orNetError),
    })),
  )
  const open = tried.flatMap(({ place, end }) => (end instanceof NetError ? [] : [{ place, socket: end }]))
  const [first, ...more] = open
  for (const { socket } of more) socket.destroy()
  const dead = tried.flatMap(({ place, end }) =>
    end instanceof NetError
      ? [`${place.host}:${place.port} does not answer: ${describeNet(end.code, { depth: run.at, service: 'it' }).reason}`]
      : [],
  )
  if (first !== undefined) return { ...first, dead }
  throw tried[0]?.end ?? new NetError('connect', 'unknown')
}

async function secure(run: Run, { tls, service }: TcpResource, socket: Socket, place: Place): Promise<void> {
  if (tls === 'disable') {
    run.learn({ tls: null })
    run.findings.push(...tlsFindings(null, place.host, run.today))
    return
  }
  try {
    const secured = await upgrade(socket, { mode: tls, host: place.host, trust: {}, ms: run.exchangeMs, signal: run.signal })
    run.learn({ tls: negotiated(secured) })
    run.findings.push(...tlsFindings(secured, place.host, run.today))
    secured.socket.destroy()
  } catch (error) {
    socket.destroy()
    throw await explained(run, error, { address: place, service: service.product, tls: null })
  }
}

function orNetError(error: unknown): NetError {
  if (error instanceof NetError) return error
  throw error
}
