import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { hostName, reach } from '../host.ts'
import { providerOf } from '../provider.ts'

/** A parsed handle of CouchDB. Holds its password only as a Secret. */
export interface CouchDB {
  readonly scheme: 'couchdb' | 'couchdbs'
  readonly host: string
  readonly port: number
  /** Null: nobody logs in. */
  readonly login: { readonly user: string; readonly password: Secret } | null
  /** Null: the handle leads to the server, and the app names the database. */
  readonly name: string | null
  readonly tls: Extract<TlsMode, 'disable' | 'verify-full'>
  /** What stands under query keys, none of which has a meaning. */
  readonly parameters: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

/** Those of its own. A web address is one too, where its host or port tells. */
export const COUCHDB_SCHEMES = ['couchdb', 'couchdbs']

export const COUCHDB_GRAMMAR: HandleGrammar = {
  schemes: [...COUCHDB_SCHEMES, 'http', 'https'],
  example: 'couchdb://USER:PASSWORD@HOST:5984/NAME',
  queryKeys: [],
  socketSchemes: [],
}

/** Throws HANDLE_INVALID. https://docs.couchdb.org/en/stable/api/database/common.html */
export function parseCouchDB(handle: Handle): CouchDB {
  const split = splitHandle(handle.reveal(), COUCHDB_GRAMMAR)
  if (split.host === null) throw invalid('names no host', `write ${COUCHDB_GRAMMAR.example}`)
  const host = hostName(split.host)
  const tls = ['couchdbs', 'https'].includes(split.scheme) ? 'verify-full' : 'disable'
  return {
    scheme: tls === 'disable' ? 'couchdb' : 'couchdbs',
    host,
    port: split.port?.number ?? usualPort(split.scheme, host),
    login: loginOf(split),
    name: nameOf(split),
    tls,
    parameters: new Map([...split.unknown.keys()].map((key) => [key, UNSHOWN])),
    remarks: remarksOf(split),
  }
}

export function identifyCouchDB({ scheme, host, port, login, name, tls }: CouchDB): Identity {
  return {
    ...{ kind: 'couchdb', scheme, host, port, tls },
    ...(name === null ? {} : { name }),
    ...(login === null ? {} : { user: login.user }),
    ...providerOf(host),
  }
}

/** Passwords of the guides, and of images that were started as they stand there. */
const WELL_KNOWN = ['admin', 'password', 'couchdb', 'relax', 'changeme', 'secret']

export function traitsOfCouchDB({ host, login, parameters }: CouchDB): Traits {
  const isKnown = login !== null && WELL_KNOWN.includes(login.password.reveal().toLowerCase())
  const isOpen = login === null && reach(host) !== 'local'
  return {
    parameters,
    defaultCredentials: isOpen ? 'no user and no password' : isKnown ? `the password of user ${login.user} is that of every guide` : null,
  }
}

/** IBM Cloudant answers where web servers do. */
export function usualPort(scheme: string, host: string): number {
  if (scheme === 'couchdb') return 5984
  if (scheme === 'couchdbs') return providerOf(host).provider === 'IBM Cloudant' ? 443 : 6984
  return scheme === 'http' ? 80 : 443
}

function loginOf({ user, password }: SplitHandle): CouchDB['login'] {
  const [name, secret] = [user?.text ?? '', password?.text ?? '']
  if (name === '' && secret === '') return null
  if (secret === '') throw invalid('has a user and no password', 'write USER:PASSWORD@ before the host')
  if (name === '') throw invalid('has a password and no user', 'write USER:PASSWORD@ before the host')
  if (name.includes(':')) throw invalid('has a : in its user, which cannot be said over HTTP', 'take another user')
  return { user: name, password: new Secret(secret) }
}

/** What CouchDB takes, and its own databases. */
const NAME = /^(?:[a-z][a-z0-9_$()+/-]*|_users|_replicator|_global_changes)$/

function nameOf({ path }: SplitHandle): string | null {
  const raw = path?.raw.replace(/(?<=.)\/$/, '') ?? ''
  if (path === null || raw === '') return null
  if (raw.includes('/')) throw invalid('has more than one name in its path', 'write the database alone; a / in its name is %2F')
  const name = path.text.replace(/\/$/, '')
  refuseHidden({ text: name }, 'database')
  if (!NAME.test(name))
    throw invalid('has a database that CouchDB would not take', 'its names begin with a lower-case letter, and hold a-z, 0-9 and _$()+-/')
  return name
}

function remarksOf({ unknownKeys }: SplitHandle): readonly Finding[] {
  return [...new Set(unknownKeys)].map((key) => {
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key'
    return {
      ...{ id: 'handle.unknown_key', severity: 'warn', status: 'warn' },
      detail: `${shown} means nothing here; clients pass over it or refuse it`,
      remedy: 'remove it, unless the app alone reads it',
    } as const
  })
}
