import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, invalid } from '../../domain/handle-grammar.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'

/** Any web service, by its address. Path and query may hold a token: they are never shown. */
export interface HttpResource {
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly tls: 'disable' | 'verify-full'
  readonly user: string | null
  readonly password: Secret | null
  /** Path and query, as they stand in the request line. */
  readonly target: Secret
  readonly remarks: readonly Finding[]
}

export const HTTP_SCHEMES = ['https', 'http']

export const HTTP_GRAMMAR: HandleGrammar = {
  schemes: HTTP_SCHEMES,
  example: 'https://USER:PASSWORD@HOST/PATH',
  queryKeys: [],
  socketSchemes: [],
  anyQuery: true,
}

/** RFC 9110, 4.2. Throws HANDLE_INVALID. */
export function parseHttp(handle: Handle): HttpResource {
  const text = handle.reveal()
  const split = splitHandle(text, HTTP_GRAMMAR)
  if (split.host === null) throw invalid('names no host', `write ${HTTP_GRAMMAR.example}`)
  const isPlain = split.scheme === 'http'
  const after = split.port?.end ?? split.hostRange.end
  const rest = text.slice(after)
  const target = rest === '' ? '/' : rest.startsWith('?') ? `/${rest}` : rest
  if (!/^[\x21-\x7e]*$/.test(target)) throw invalid('has a path or a query with other signs than ASCII', 'percent-encode them')
  return {
    scheme: split.scheme,
    host: hostName(split.host),
    port: split.port?.number ?? (isPlain ? 80 : 443),
    tls: isPlain ? 'disable' : 'verify-full',
    user: split.user?.text ?? null,
    password: split.password === null ? null : new Secret(split.password.text),
    target: new Secret(target),
    remarks: [],
  }
}

export const identifyHttp = ({ scheme, host, port, tls, user }: HttpResource): Identity => ({
  kind: 'http',
  scheme,
  host,
  port,
  ...(user === null ? {} : { user }),
  tls,
  ...providerOf(host),
})
