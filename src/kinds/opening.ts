import type { Socket } from 'node:net'
import type { Address } from '../net/dial.ts'
import type { ProbeContext, ProbeReport } from '../ports/kind.ts'
import { explained, probing, type Run, reachServer } from './probing.ts'

/** Where a probe goes, and what it is called there. */
export interface Door {
  readonly address: Address
  /** The product's name: `Redis`. */
  readonly service: string
  /** How a handle asks for TLS: `rediss://`. Null: it cannot. */
  readonly askForTls: string | null
  /** The protocol begins in plain text and turns to TLS later: that it speaks plain text is no lack of TLS. */
  readonly plainFirst?: true
  /** What it speaks, as sniffing calls it: `HTTP`. Default: the name of the service. */
  readonly protocol?: string
}

/** What stays open when a probe came to depth `use`: at least the socket that carries it. */
export interface Held {
  readonly socket: Socket
}

export interface Opened<L extends Held> {
  readonly report: ProbeReport
  /** Null: the probe failed, or did not have to go so deep. */
  readonly live: L | null
}

/**
 * Goes through a probe whose conversation stays open when it came to depth `use`. `converse` gets the connected socket at the stage `secure` and
 * answers what stays open, or null where it did not have to come so deep; it may throw as the body of `probing` may. Whatever happens, the socket
 * is closed unless `live` is answered.
 */
export const openProbe = <L extends Held>(
  context: ProbeContext,
  door: Door,
  converse: (run: Run, socket: Socket) => Promise<L | null>,
): Promise<Opened<L>> =>
  openRun(context, door.service, (run) => goThrough(run, door, { reach: () => reachServer(run, door.address), converse }))

/** The same of a body that finds its door itself: it ends with `goThrough`. */
export async function openRun<L extends Held>(
  context: ProbeContext,
  service: string,
  body: (run: Run) => Promise<L | null>,
): Promise<Opened<L>> {
  let live: L | null = null
  const report = await probing(context, service, async (run) => {
    live = await body(run)
  })
  if (report.ok) return { report, live }
  closed(live)
  return { report, live: null }
}

/** How one comes to a server, and what is said there. */
export interface Way<L extends Held> {
  /** Null: no more was asked for. */
  reach(): Promise<Socket | null>
  converse(run: Run, socket: Socket): Promise<L | null>
}

/** The socket is closed unless something stays open. */
export async function goThrough<L extends Held>(run: Run, door: Door, { reach, converse }: Way<L>): Promise<L | null> {
  let socket: Socket | null = null
  let held: L | null = null
  try {
    socket = await reach()
    if (socket === null) return null
    held = await converse(run, socket)
    return held
  } catch (error) {
    socket?.destroy()
    const { address, service, askForTls: tls, protocol = service, ...rest } = door
    throw await explained(run, error, { ...rest, address, service, tls, protocol })
  } finally {
    if (held === null || run.signal.aborted) socket?.destroy() // Too late: nobody would close it.
  }
}

/** The probe alone: nothing stays open. */
export async function probeOnly<L extends Held>(opened: Promise<Opened<L>>): Promise<ProbeReport> {
  const { report, live } = await opened
  closed(live)
  return report
}

function closed(live: Held | null): void {
  live?.socket.destroy()
}
