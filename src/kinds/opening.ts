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
export async function openProbe<L extends Held>(
  context: ProbeContext,
  door: Door,
  converse: (run: Run, socket: Socket) => Promise<L | null>,
): Promise<Opened<L>> {
  let live: L | null = null
  const report = await probing(context, door.service, async (run) => {
    let socket: Socket | null = null
    let held: L | null = null
    try {
      socket = await reachServer(run, door.address)
      if (socket === null) return
      held = await converse(run, socket)
      live = held
    } catch (error) {
      socket?.destroy()
      const { address, service, askForTls: tls, protocol = service, ...rest } = door
      throw await explained(run, error, { ...rest, address, service, tls, protocol })
    } finally {
      if (held === null || run.signal.aborted) socket?.destroy() // Too late: nobody would close it.
    }
  })
  if (report.ok) return { report, live }
  closed(live)
  return { report, live: null }
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
