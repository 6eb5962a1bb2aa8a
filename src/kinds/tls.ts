import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import type { Finding } from '../domain/finding.ts'
import type { Secured, Trust } from '../net/tls.ts'
import type { Negotiated } from '../ports/kind.ts'
import { describeTls } from './failure.ts'
import { reach } from './host.ts'
import { Failed } from './probing.ts'

const DAY = 86_400_000
/** Certificates are renewed about a month before their end. */
const SOON_DAYS = 30

export const negotiated = ({ protocol, cipher, verified, expires }: Secured): Negotiated => ({
  protocol,
  cipher,
  verified,
  ...(expires === undefined ? {} : { expires }),
})

/** What there is to say about the TLS of a connection; `null` is plain text. `today` is the wall clock. */
export function tlsFindings(secured: Secured | null, host: string, today: number): readonly Finding[] {
  if (secured === null) return plain(host)
  const findings: Finding[] = []
  if (secured.problem !== null) {
    const { reason, hint } = describeTls(secured.problem)
    findings.push({
      id: 'tls.unverified',
      severity: 'warn',
      status: 'warn',
      detail: `encrypted, but not verified: ${reason}`,
      remedy: hint,
    })
  }
  const days = secured.expires === undefined ? null : Math.floor((Date.parse(secured.expires) - today) / DAY)
  if (days !== null && days < SOON_DAYS) {
    const detail =
      days < 0 ? `the certificate of the server expired ${-days} days ago` : `the certificate of the server expires in ${days} days`
    findings.push({ id: 'tls.expiring', severity: 'warn', status: 'warn', detail, remedy: 'renew it on the server' })
  }
  return findings
}

function plain(host: string): readonly Finding[] {
  const distance = reach(host)
  if (distance === 'local') return []
  const detail = 'the connection is not encrypted: password and rows can be read on the way'
  const found = distance === 'public' ? ({ severity: 'warn', status: 'warn' } as const) : ({ severity: 'info', status: 'pass' } as const)
  return [{ id: 'tls.plain', ...found, detail, remedy: 'ask for TLS in the handle, if the server offers it' }]
}

/** Files that a handle names. `system` as `ca` means the authorities of the operating system. */
export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Reads those files. One that cannot be read is a failure of the stage, as it is for the app. `words` are their names in the handle. */
export async function trustOf({ ca, cert, key }: TlsFiles, words: Required<TlsFiles>): Promise<Trust> {
  return {
    ...(ca === undefined ? {} : { ca: ca === 'system' ? await systemAuthorities() : [await fileOf(ca, words.ca)] }),
    ...(cert === undefined ? {} : { cert: await fileOf(cert, words.cert) }),
    ...(key === undefined ? {} : { key: await fileOf(key, words.key) }),
  }
}

const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

async function systemAuthorities(): Promise<readonly string[]> {
  for (const path of SYSTEM_BUNDLES) {
    const text = await readBounded(path).catch(() => null)
    if (text !== null) return [text]
  }
  return rootCertificates
}

async function fileOf(path: string, word: string): Promise<string> {
  return readBounded(path).catch(() => {
    const reason = `the file that ${word} names cannot be read here`
    throw new Failed({ class: 'permanent', code: 'file-unreadable', reason, hint: `make it readable for this user, or leave ${word} out` })
  })
}

/** More than any bundle of certificates has. */
const BYTES_MAX = 4 * 1024 * 1024

/** A regular file only: a pipe would be waited for, and a device has no end. */
async function readBounded(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat()
    if (!found.isFile() || found.size > BYTES_MAX) throw new Error('not a bundle of certificates')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
