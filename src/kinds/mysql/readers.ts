import type { Finding } from '../../domain/finding.ts'
import type { Secured } from '../../net/tls.ts'
import { reach } from '../host.ts'
import type { MySql } from './handle.ts'

/**
 * Where mysql2 of Node reads a handle otherwise: it knows `ssl={…}` alone, passes over every other word about TLS with a line in its log, and
 * connects in plain text. Java's and Python's own schemes are not read by it.
 */
export function readerFindings(
  { scheme, tls, tlsKeys, host }: Pick<MySql, 'scheme' | 'tls' | 'tlsKeys' | 'host'>,
  secured: Secured | null,
): readonly Finding[] {
  if (host.startsWith('/') || tls === 'disable') return []
  if (tlsKeys.some((key) => JAVA.includes(key)) && tlsKeys.every((key) => key !== 'sslMode') && tls === 'require')
    return [
      differs(
        "Java's clients go on in plain text where the server offers no TLS; attach holds to what is asked for",
        'say sslMode=VERIFY_IDENTITY, or sslMode=REQUIRED',
      ),
    ]
  if (!['mysql', 'mariadb'].includes(scheme) || tlsKeys.includes('ssl')) return []
  if (tlsKeys.length > 0)
    return [
      differs(
        `mysql2 of Node reads none of ${tlsKeys.join(', ')}, and connects in plain text`,
        'where mysql2 reads it, say ssl={"rejectUnauthorized":true}',
      ),
    ]
  if (secured === null || reach(host) === 'local') return []
  return [
    differs(
      'MySQL clients use TLS here because the server offers it; mysql2 of Node uses none unless ssl={…} says so',
      'say which TLS is meant',
    ),
  ]
}

const JAVA = ['useSSL', 'useSsl', 'requireSSL']

const differs = (detail: string, remedy: string): Finding => ({
  id: 'tls.reader_differs',
  severity: 'warn',
  status: 'warn',
  detail,
  remedy,
})
