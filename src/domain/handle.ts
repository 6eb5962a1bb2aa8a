import type { Secret } from './secret.ts'

/** What locates a resource and authenticates to it, as it stands under a key. */
export type Handle = Secret

/** How much of TLS a handle asks for, in the words of libpq. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** What may be printed about a resource. */
export interface Identity {
  /** `postgres`, `redis`, `opaque`. */
  readonly kind: string
  readonly scheme: string
  /** A host name, an address, or the path of a socket. */
  readonly host: string
  /** Absent for a socket and for what has none. */
  readonly port?: number
  /** `HOST:PORT` of the further ones, of a handle that lists several. */
  readonly others?: readonly string[]
  /** The hosts only tell where the resource is: its name among them. Each of them leads there. */
  readonly watched?: string
  /** Database, database index … */
  readonly name?: string
  readonly user?: string
  readonly tls: TlsMode
  /** What the handle says it is, where no kind speaks it: `MongoDB`. */
  readonly service?: string
  /** Who runs it, when the handle tells. */
  readonly provider?: string
}
