import { GENERAL } from '../../domain/checks.ts'
import { type Finding, found, passed, unknown } from '../../domain/finding.ts'
import type { TlsMode } from '../../domain/handle.ts'
import type { Side, Sides } from './sides.ts'

const STRENGTH: Readonly<Record<TlsMode, number>> = { disable: 0, prefer: 1, require: 2, 'verify-ca': 3, 'verify-full': 4 }

/** By what the handles ask for, and by what was negotiated. Of an old one that is dead the handle alone counts. */
export function tlsDowngrade({ next, old, goesBack }: Sides): Finding {
  const check = GENERAL.tlsDowngrade
  const [asks, asked] = [next.resource.identity.tls, old.resource.identity.tls]
  const [then, now] = [next.report.facts.tls, old.report.facts.tls]
  const back = goesBack ? ({ severity: 'warn' } as const) : {}
  if (next.resource.identity.host.startsWith('/')) return passed(check, 'a socket or a file of this machine')
  // Who prefers TLS and gets none loses nothing by asking for none.
  const isIdle = asked === 'prefer' && now === null
  if (STRENGTH[asks] < STRENGTH[asked] && !isIdle) {
    const truth = now && then === null ? `; ${now.protocol} now, plain text afterwards` : ''
    const detail = `the new handle asks for less: ${asks}, where the present one asks for ${asked}${truth}`
    return found(check, detail, { remedy: `ask for ${asked} in the new handle`, ...back })
  }
  if (now === undefined || now === null)
    return passed(check, now === null ? 'plain text now' : `asks for ${asks}, where it asked for ${asked}`)
  if (then === undefined) return unknown(check, 'whether the new connection is encrypted was not told')
  if (then === null) {
    const detail = `${now.protocol} now, and plain text afterwards: the new server offers no TLS`
    return found(check, detail, { remedy: 'turn TLS on at the new server, and ask for it in the handle', ...back })
  }
  if (now.verified && !then.verified) {
    // No handle of the two asked for it, so no client that reads them as libpq does would notice.
    const detail = 'the certificate of the old server holds, and that of the new one does not; neither handle asks to check it'
    return found(check, detail, { remedy: 'give the new server a certificate of a known authority', severity: goesBack ? 'info' : 'warn' })
  }
  return passed(check, `${then.protocol}, ${then.verified ? 'verified' : 'not verified'}`)
}

const DAY = 86_400_000
/** Certificates are renewed about a month before their end. */
const SOON_DAYS = 30

/** Where the handle asks to check it, an expired one was refused by the probe. Elsewhere it stands in the way only of a change for the worse. */
export function expiring({ next, old, within, goesBack }: Sides, today: number): Finding {
  const check = GENERAL.expiring
  const { tls } = next.report.facts
  if (tls === undefined && next.resource.identity.host.startsWith('/')) return passed(check, 'on this machine: no certificate')
  if (tls === undefined) return unknown(check, 'whether the connection is encrypted was not told')
  if (tls === null) return passed(check, 'no certificate: the connection is not encrypted')
  const days = daysOf(next, today)
  if (days === null) return unknown(check, 'the server does not tell when its certificate ends')
  if (days >= SOON_DAYS) return passed(check, `the certificate of the server ends in ${days} days`)
  const remedy = 'renew it on the server'
  if (days >= 0) return found(check, `the certificate of the server expires in ${days} days`, { remedy, severity: 'warn' })
  const isNoWorse = within || goesBack || (daysOf(old, today) ?? 0) < 0 || next.resource.identity.tls === 'prefer'
  return found(check, `the certificate of the server expired ${-days} days ago`, isNoWorse ? { remedy, severity: 'warn' } : { remedy })
}

/** Whole days to the end of its certificate; below 0 it has ended. Null: it showed none that tells. */
function daysOf({ report }: Side, today: number): number | null {
  const end = Date.parse(report.facts.tls?.expires ?? '')
  return Number.isNaN(end) ? null : Math.floor((end - today) / DAY)
}
