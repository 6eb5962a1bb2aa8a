/** Why a conversation ended. Made by us at the edge of the network; holds no text of a driver or a server. */
export class NetError extends Error {
  override readonly name = 'NetError'
  readonly at: 'resolve' | 'connect' | 'secure' | 'talk'
  /** Of the operating system or TLS, or `timeout`, `aborted`, `closed`, `too-much`, `protocol`. */
  readonly code: string

  constructor(at: NetError['at'], code: string) {
    super(`${at}: ${code}`)
    this.at = at
    this.code = code
  }
}

/** How long something may take. */
export interface Bound {
  readonly at: NetError['at']
  readonly ms: number
  readonly signal: AbortSignal
}

/**
 * Runs `start` and settles with the first of: what it resolves or rejects, `timeout` after `ms`, `aborted`. `start` returns its clean-up, which
 * runs once, in every case. What cannot be cancelled (a DNS lookup) is left behind and its late result is dropped.
 */
export function bounded<T>(bound: Bound, start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let cleanUp = () => {}
    let settled = false
    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      bound.signal.removeEventListener('abort', aborted)
      cleanUp()
      finish()
    }
    const aborted = () => settle(() => reject(new NetError(bound.at, 'aborted')))
    const timer = setTimeout(() => settle(() => reject(new NetError(bound.at, 'timeout'))), Math.max(0, bound.ms))
    bound.signal.addEventListener('abort', aborted, { once: true })
    if (bound.signal.aborted) return aborted()
    try {
      const stop = start(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error)),
      )
      if (settled) stop()
      else cleanUp = stop
    } catch (error) {
      settle(() => reject(new NetError(bound.at, codeOf(error))))
    }
  })
}

/** The code of an error of Node, when it has one that is fit to print. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'unknown'
  return typeof error.code === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(error.code) ? error.code : 'unknown'
}
