import type { WebPlace } from '../../web.ts'
import type { Amqp } from '../handle.ts'

/** Where the management API of a broker is. */
export interface ManagementPlace extends WebPlace {
  /** The name that TLS checks. */
  readonly tlsName: string
}

/** Both run it behind the usual port of the web. */
const BEHIND_HTTPS = /\.(cloudamqp\.com|mq\.[a-z0-9-]+\.(amazonaws\.com|on\.aws)(\.cn)?)$/

/**
 * RabbitMQ has it ten thousand above the port of AMQP: 15672 beside 5672, 15671 beside 5671; who moves the one moves the other along. Never with less
 * TLS than the handle asks for. Null: there is none for this port, or the user has no password that could be shown there.
 */
export function managementOf({ address: { host, port }, tls, tlsName, files, mechanism }: Amqp): ManagementPlace | null {
  if (mechanism === 'EXTERNAL') return null
  if (BEHIND_HTTPS.test(host)) return { host, port: 443, tls: 'verify-full', tlsName: host }
  if (port + 10_000 > 65_535) return null
  return { host, port: port + 10_000, tls, tlsName, files }
}
