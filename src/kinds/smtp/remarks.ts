import type { Finding } from '../../domain/finding.ts'
import { found } from '../../domain/finding.ts'
import type { SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'
import { REMARKED } from './checks.ts'
import { isImplicitPort, type TlsWanted } from './tls-words.ts'

/** Query keys that narrow whom a client trusts, or change the way there: the probe does not look. */
export const UNCHECKED = ['proxy', 'localAddress', 'source_ip', 'peer_fingerprint']

/** What is odd in a handle, and not wrong. */
export function remarksOf(split: SplitHandle, { start }: TlsWanted): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  for (const key of new Set(split.unknownKeys)) {
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key'
    warn('handle.unknown_key', `${shown} means nothing here; clients pass over it or refuse it`, 'remove it, unless the app alone reads it')
  }
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  for (const key of UNCHECKED)
    if (queryText(split, key) !== null)
      remarks.push({
        id: 'handle.not_checked',
        severity: 'info',
        status: 'unknown',
        detail: `${key} is kept, but the probe does not look at it`,
      })
  if (queryText(split, 'cafile') !== null) {
    const detail = 'cafile names a file on the machine that connects, and no client but this one reads it in a handle'
    warn('handle.local_file', detail, 'tell the app in its own way which authority it may trust')
  }
  if (split.scheme === 'smtp' && split.port === null && start !== 'implicit') {
    const detail = 'the handle names no port: nodemailer takes 587, Symfony 465 or 25, Django and Rails 25'
    remarks.push(found(REMARKED.noPort, detail, { remedy: 'name it: 587 to submit mail' }))
  }
  remarks.push(...readersDiffer(split, start))
  return remarks
}

function readersDiffer(split: SplitHandle, start: TlsWanted['start']): readonly Finding[] {
  const port = split.port?.number ?? null
  const differ = (detail: string, remedy: string): Finding => ({
    id: 'tls.reader_differs',
    severity: 'warn',
    status: 'warn',
    detail,
    remedy,
  })
  if (split.scheme === 'smtps' && port !== null && !isImplicitPort(port))
    return [
      differ(
        'smtps is TLS from the first byte on; django-environ and dj-email-url take it for STARTTLS',
        'write submission:// for STARTTLS',
      ),
    ]
  if (split.scheme === 'smtp' && start === 'implicit')
    return [
      differ('nodemailer passes over secure= in a URL, and other clients over ssl= and tls=: the scheme tells them', 'write smtps://'),
    ]
  if (split.scheme === 'smtp' && /^(true|1|yes|on)$/i.test(queryText(split, 'tls') ?? ''))
    return [
      differ('tls=true is STARTTLS to some, and TLS from the first byte on to Rails', 'write submission:// for STARTTLS, smtps:// else'),
    ]
  return []
}
