import type { Finding } from '../../domain/finding.ts'
import type { Secured } from '../../net/tls.ts'
import { reach } from '../host.ts'
import type { Postgres } from './handle.ts'

/**
 * Where node-postgres (pg 8) reads the TLS words of a handle otherwise than libpq, and it matters for this server: `prefer`, `require` and
 * `verify-ca` are verify-full there and never fall back, nothing said is plain text.
 */
export function readerFindings(
  { tls, tlsWord, host, libpqCompat }: Pick<Postgres, 'tls' | 'tlsWord' | 'host' | 'libpqCompat'>,
  secured: Secured | null,
): readonly Finding[] {
  if (reach(host) === 'local' && tlsWord === null) return []
  if (tlsWord === null) {
    return secured === null || tls === 'disable'
      ? []
      : [differs('libpq uses TLS here because the server offers it; node-postgres uses none unless sslmode says so')]
  }
  if (libpqCompat || tlsWord === 'disable' || tlsWord === 'verify-full' || host.startsWith('/')) return []
  if (secured === null) return [differs(`libpq falls back to plain text with sslmode=${tlsWord}; node-postgres does not connect`)]
  return secured.verified ? [] : [differs(`node-postgres reads sslmode=${tlsWord} as verify-full and refuses this certificate`)]
}

const differs = (detail: string): Finding => ({
  id: 'tls.reader_differs',
  severity: 'warn',
  status: 'warn',
  detail,
  remedy: 'say sslmode=verify-full, which all clients read the same way',
})
