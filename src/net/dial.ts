import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { type Bound, bounded, codeOf, NetError } from './bounded.ts'

/** Where a server listens. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

export interface DialOptions {
  /** All of it. */
  readonly ms: number
  readonly signal: AbortSignal
  /** Monotonic, milliseconds. */
  readonly now: () => number
}

/** Resolves and connects within one deadline. Throws NetError at `resolve` or `connect`. */
export async function dial(address: Address, options: DialOptions): Promise<Socket> {
  const started = options.now()
  const targets = await resolve(address, options)
  return connectFirst(targets, { ...options, ms: options.ms - (options.now() - started) })
}

/**
 * Connects to the first address that answers; every one is tried, each with its share of what is left. The socket is open, paused, and has
 * no listener but the one that swallows late errors. Throws NetError at `connect`.
 */
export async function connectFirst(targets: readonly Address[], { ms, signal, now }: DialOptions): Promise<Socket> {
  const started = now()
  const failures: NetError[] = []
  for (const [index, target] of targets.entries()) {
    const left = ms - (now() - started)
    try {
      return await open(target, { at: 'connect', ms: left / (targets.length - index), signal })
    } catch (error) {
      if (!(error instanceof NetError) || error.code === 'aborted') throw error
      failures.push(error)
    }
  }
  throw worst(failures)
}

/** All addresses of a name, in the resolver's order. A socket's path and an address are what they are. Throws NetError at `resolve`. */
export async function resolve(address: Address, { ms, signal }: Pick<DialOptions, 'ms' | 'signal'>): Promise<readonly Address[]> {
  if ('path' in address || isIP(address.host) !== 0) return [address]
  const found = await bounded<readonly { address: string }[]>({ at: 'resolve', ms, signal }, (done, fail) => {
    lookup(address.host, { all: true, verbatim: true }).then(done, (error) => fail(new NetError('resolve', codeOf(error))))
    return () => {}
  })
  if (found.length === 0) throw new NetError('resolve', 'ENOTFOUND')
  return found.map((each) => ({ host: each.address, port: address.port }))
}

/** What a refused and a silent address have in common is told by the refusal: something is there. */
const TELLING = ['ECONNREFUSED', 'EACCES', 'ECONNRESET', 'timeout', 'ETIMEDOUT']

const worst = (failures: readonly NetError[]): NetError =>
  TELLING.map((code) => failures.find((failure) => failure.code === code)).find((failure) => failure !== undefined) ??
  failures[0] ??
  new NetError('connect', 'unknown')

function open(target: Address, bound: Bound): Promise<Socket> {
  let socket: Socket | undefined
  return bounded<Socket>(bound, (done, fail) => {
    const opening = 'path' in target ? connect({ path: target.path }) : connect({ host: target.host, port: target.port })
    socket = opening
    opening.on('error', (error) => fail(new NetError(bound.at, codeOf(error))))
    opening.once('connect', () => {
      opening.setNoDelay(true)
      opening.pause()
      done(opening)
    })
    return () => {}
  }).catch((error) => {
    socket?.destroy()
    throw error
  })
}
