import type { TlsMode } from '../../domain/handle.ts'
import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'

/** Files that a handle names. */
export interface TlsFilesNamed {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

interface TlsSaid {
  readonly tls: TlsMode
  readonly tlsKeys: readonly string[]
  readonly files: TlsFilesNamed
}

const CA_KEYS = ['ssl-ca', 'ssl_ca', 'sslca', 'sslrootcert', 'serverSslCert']
const CERT_KEYS = ['ssl-cert', 'ssl_cert', 'sslcert']
const KEY_KEYS = ['ssl-key', 'ssl_key', 'sslkey']
const FILE_KEYS = [...CA_KEYS, ...CERT_KEYS, ...KEY_KEYS]

/** They choose among ciphers and versions, or name stores of Java: the probe does not look at them. */
export const UNCHECKED_TLS = [
  ...['ssl-cipher', 'ssl_cipher', 'sslcipher', 'ssl-capath', 'ssl_capath', 'sslcapath', 'tls-version', 'tls_version', 'tlsVersion'],
  ...[
    'tlsVersions',
    'tlsCiphersuites',
    'enabledTLSProtocols',
    'enabledSslProtocolSuites',
    'enabledSslCipherSuites',
    'sslidentity',
    'sslpassword',
  ],
  ...['trustCertificateKeyStoreUrl', 'trustCertificateKeyStorePassword', 'trustCertificateKeyStoreType'],
  ...['clientCertificateKeyStoreUrl', 'clientCertificateKeyStorePassword', 'clientCertificateKeyStoreType'],
]

/** What the word says. Null: nothing about how much of TLS. */
type Reading = (text: string) => TlsMode | null | undefined

/** https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode, and the words of MariaDB's Java client. */
const MODES: Readonly<Record<string, TlsMode>> = {
  DISABLED: 'disable',
  PREFERRED: 'prefer',
  REQUIRED: 'require',
  VERIFY_CA: 'verify-ca',
  VERIFY_IDENTITY: 'verify-full',
  DISABLE: 'disable',
  TRUST: 'require',
  'VERIFY-CA': 'verify-ca',
  'VERIFY-FULL': 'verify-full',
}
const WORDS = 'DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY'

const mode: Reading = (text) => MODES[text.toUpperCase()]
const flag =
  (yes: TlsMode | null, no: TlsMode | null): Reading =>
  (text) =>
    /^(true|1|yes)$/i.test(text) ? yes : /^(false|0|no)$/i.test(text) ? no : undefined
const oneOf =
  (words: Readonly<Record<string, TlsMode>>): Reading =>
  (text) =>
    words[text.toLowerCase()]

interface Word {
  readonly reading: Reading
  readonly words: string
}

const TRUTH = 'true, false'
const WORD: Readonly<Record<string, Word>> = {
  'ssl-mode': { reading: mode, words: WORDS },
  sslmode: { reading: mode, words: WORDS },
  ssl_mode: { reading: mode, words: WORDS },
  sslMode: { reading: mode, words: WORDS },
  // Java's old words: they ask for TLS, and the client would go on without it in silence. What is asked for is held to.
  useSSL: { reading: flag('require', 'disable'), words: TRUTH },
  useSsl: { reading: flag('require', 'disable'), words: TRUTH },
  requireSSL: { reading: flag('require', null), words: TRUTH },
  verifyServerCertificate: { reading: flag('verify-ca', null), words: TRUTH },
  trustServerCertificate: { reading: flag('require', null), words: TRUTH },
  // Prisma.
  sslaccept: { reading: oneOf({ strict: 'verify-full', accept_invalid_certs: 'require' }), words: 'strict, accept_invalid_certs' },
  // Python, Ruby.
  ssl_disabled: { reading: flag('disable', null), words: TRUTH },
  ssl_verify_cert: { reading: flag('verify-ca', null), words: TRUTH },
  ssl_verify_identity: { reading: flag('verify-full', null), words: TRUTH },
  ssl_check_hostname: { reading: flag('verify-full', null), words: TRUTH },
  sslverify: { reading: flag('verify-ca', null), words: TRUTH },
  // Go.
  tls: {
    reading: oneOf({ true: 'verify-full', false: 'disable', 'skip-verify': 'require', preferred: 'prefer' }),
    words: 'true, false, skip-verify, preferred',
  },
  // Node: {"rejectUnauthorized":true}.
  ssl: { reading: jsonOrFlag, words: `${TRUTH}, or {"rejectUnauthorized":true}` },
}

/** `ssl` stands first among the words that are told when one is unknown. */
export const TLS_KEYS = [...Object.keys(WORD), ...FILE_KEYS]

/** As much TLS as the strongest word asks for. Throws HANDLE_INVALID for a word that no client has, and for two that exclude each other. */
export function tlsOf(split: SplitHandle, host: string): TlsSaid {
  const said = Object.entries(WORD).flatMap(([key, { reading, words }]) => {
    const text = queryText(split, key)
    if (text === null) return []
    const mode = reading(text)
    if (mode === undefined) throw invalid(`has an unknown word for ${key}`, `the words are ${words}`)
    return mode === null ? [] : [mode]
  })
  const tlsKeys = TLS_KEYS.filter((key) => queryText(split, key) !== null)
  const files = filesOf(split)
  if (said.includes('disable') && (said.some((each) => each !== 'disable') || Object.keys(files).length > 0))
    throw invalid('asks for TLS and for none', 'leave one of the words out')
  if (host.startsWith('/')) return { tls: 'disable', tlsKeys, files }
  const unsaid = files.ca === undefined ? (Object.keys(files).length > 0 ? 'require' : 'prefer') : 'verify-ca'
  return { tls: STRENGTH.findLast((each) => said.includes(each)) ?? unsaid, tlsKeys, files }
}

const STRENGTH: readonly TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']

/** Prisma calls the authority's file `sslcert`. */
function filesOf(split: SplitHandle): TlsFilesNamed {
  const named = (keys: readonly string[]): string | null => keys.map((key) => queryText(split, key)).find((text) => text) ?? null
  const isPrisma = queryText(split, 'sslaccept') !== null
  const ca = named(isPrisma ? [...CA_KEYS, 'sslcert'] : CA_KEYS)
  const cert = named(isPrisma ? CERT_KEYS.filter((key) => key !== 'sslcert') : CERT_KEYS)
  const key = named(KEY_KEYS)
  for (const path of [ca, cert, key])
    if (path?.startsWith('-----') || path?.startsWith('classpath:'))
      throw invalid('holds a certificate where attach reads the path of a file', 'write the path of a PEM file')
  if ((cert === null) !== (key === null)) throw invalid('names one of a certificate and its key, and not both', 'name both, or neither')
  return { ...(ca === null ? {} : { ca }), ...(cert === null ? {} : { cert }), ...(key === null ? {} : { key }) }
}

/** What mysql2 takes: without `verifyIdentity` it checks the chain and no name. */
function jsonOrFlag(text: string): TlsMode | null | undefined {
  if (!text.startsWith('{')) return flag('require', 'disable')(text)
  const options = objectIn(text)
  if (options === null) return undefined
  const { rejectUnauthorized = true, verifyIdentity = false, minVersion = '', ...others } = options
  if (Object.keys(others).length > 0 || typeof minVersion !== 'string') return undefined
  if (typeof rejectUnauthorized !== 'boolean' || typeof verifyIdentity !== 'boolean') return undefined
  return !rejectUnauthorized ? 'require' : verifyIdentity ? 'verify-full' : 'verify-ca'
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
