import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './processes.ts'

export interface Pair {
  readonly cert: string
  readonly key: string
}

/** Certificates of one authority, as files in a temporary folder. */
export interface Certificates {
  /** The authority's own certificate. */
  readonly ca: string
  /** Made out to localhost and 127.0.0.1. */
  readonly good: Pair
  /** Made out to another host. */
  readonly wrongHost: Pair
  /** Good until yesterday. */
  readonly expired: Pair
  /** Good for five more days. */
  readonly ending: Pair
  /** A client's: its common name is `certuser`. */
  readonly client: Pair
  [Symbol.dispose](): void
}

/** Makes them with openssl. Takes half a second. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = mkdtempSync('/tmp/att-crt-')
  chmodSync(folder, 0o755)
  const at = (name: string) => join(folder, name)
  await openssl([
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '30',
    '-subj',
    '/CN=attach test authority',
  ])
  const sign = async (name: string, names: string, days: readonly string[]): Promise<Pair> => {
    const [key, request, cert, extensions] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.crt`), at(`${name}.ext`)]
    writeFileSync(extensions, `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`)
    await openssl(['req', ...KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`])
    await openssl([
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      at('ca.crt'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-out',
      cert,
      '-extfile',
      extensions,
      ...days,
    ])
    chmodSync(key, 0o644)
    return { cert, key }
  }
  const local = 'DNS:localhost,IP:127.0.0.1'
  return {
    ca: at('ca.crt'),
    good: await sign('good', local, ['-days', '90']),
    wrongHost: await sign('elsewhere', 'DNS:db.example.test', ['-days', '90']),
    expired: await sign('expired', local, ['-days', '-1']),
    ending: await sign('ending', local, ['-days', '5']),
    client: await sign('certuser', 'DNS:certuser', ['-days', '90']),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

const openssl = (args: readonly string[]) => run('openssl', args)
