import type { TlsMode } from '../../domain/handle.ts'
import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'
import { SENTINEL_SCHEMES, SENTINEL_TLS_SCHEMES } from './sentinel/handle.ts'

/** How much of TLS a handle asks for: of the server, and of the sentinels that are asked for it. */
export interface RedisTls {
  readonly tls: Extract<TlsMode, 'disable' | 'require' | 'verify-ca' | 'verify-full'>
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

const TLS_SCHEMES = ['rediss', 'valkeys', ...SENTINEL_TLS_SCHEMES]

/** redis-py's words for TLS; other clients have none but the scheme. */
export const TLS_KEYS = ['ssl_cert_reqs', 'ssl_check_hostname', 'ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile']

/** Throws HANDLE_INVALID. */
export function tlsOf(split: SplitHandle): RedisTls {
  const words = TLS_KEYS.filter((key) => queryText(split, key) !== null)
  if (!TLS_SCHEMES.includes(split.scheme)) {
    if (words.length > 0)
      throw invalid(
        'has words about TLS and a scheme without it',
        `write ${SENTINEL_SCHEMES.includes(split.scheme) ? 'rediss-sentinel' : 'rediss'}:// for TLS`,
      )
    return { tls: 'disable', files: {} }
  }
  const [ca, cert, key] = ['ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile'].map((each) => queryText(split, each))
  const files = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
  const required = (queryText(split, 'ssl_cert_reqs') ?? 'required').toLowerCase().replace(/^cert_/, '')
  if (!['none', 'optional', 'required'].includes(required))
    throw invalid('has an unknown word for ssl_cert_reqs', 'the words are none, optional, required')
  const named = (queryText(split, 'ssl_check_hostname') ?? 'true').toLowerCase()
  if (!['true', 'false'].includes(named)) throw invalid('has an unknown word for ssl_check_hostname', 'the words are true, false')
  return { tls: required === 'none' ? 'require' : named === 'false' ? 'verify-ca' : 'verify-full', files }
}
