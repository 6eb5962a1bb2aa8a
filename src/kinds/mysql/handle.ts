import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { Address } from '../../net/dial.ts'
import type { Traits } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import { TLS_KEYS, type TlsFilesNamed, tlsOf, UNCHECKED_TLS } from './handle-tls.ts'
import { remarksOf } from './remarks.ts'
import { TUNING, traitsOf } from './traits.ts'

/** A parsed handle of MySQL or MariaDB. Holds its password only as a Secret. */
export interface MySql {
  readonly scheme: string
  readonly address: Address
  /** The name that TLS checks; the path of the socket for one. */
  readonly host: string
  /** `null`: clients take the name of the operating system's user. */
  readonly user: string | null
  readonly password: Secret | null
  /** `null`: none is chosen. */
  readonly database: string | null
  readonly tls: TlsMode
  /** The words about TLS that stand there: not every client reads each. */
  readonly tlsKeys: readonly string[]
  readonly files: TlsFilesNamed
  readonly traits: Traits
  readonly remarks: readonly Finding[]
}

export const MYSQL_SCHEMES = [
  ...['mysql', 'mariadb', 'mysql2', 'jdbc:mysql', 'jdbc:mariadb', 'mysql+pymysql', 'mysql+mysqldb', 'mysql+mysqlconnector'],
  ...[
    'mysql+asyncmy',
    'mysql+aiomysql',
    'mariadb+pymysql',
    'mariadb+mysqldb',
    'mariadb+mariadbconnector',
    'mariadb+asyncmy',
    'mariadb+aiomysql',
  ],
]

/** How each client calls the path of a socket. */
export const SOCKET_KEYS = ['socket', 'unix_socket', 'unixSocket', 'socketPath', 'localSocket']

export const MYSQL_GRAMMAR: HandleGrammar = {
  schemes: MYSQL_SCHEMES,
  example: 'mysql://USER:PASSWORD@HOST:3306/NAME',
  queryKeys: ['user', 'password', ...SOCKET_KEYS, ...TLS_KEYS, ...UNCHECKED_TLS, ...TUNING],
  socketSchemes: [],
}

/** Throws HANDLE_INVALID. https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html */
export function parseMySql(handle: Handle): MySql {
  const split = splitHandle(handle.reveal(), MYSQL_GRAMMAR)
  const where = whereOf(split)
  const user = nonEmpty(queryText(split, 'user') ?? split.user?.text)
  const password = nonEmpty(queryText(split, 'password') ?? split.password?.text)
  const database = nonEmpty(split.path?.text)
  for (const [text, name] of [
    [user, 'user'],
    [database, 'database'],
  ] as const)
    if (text !== null) refuseHidden({ text }, name)
  const tls = tlsOf(split, where.host)
  const resource = { scheme: split.scheme, ...where, user, password: password === null ? null : new Secret(password), database, ...tls }
  return { ...resource, traits: traitsOf(split, user, password), remarks: remarksOf(resource, split) }
}

export function identifyMySql({ scheme, address, host, user, database, tls }: MySql): Identity {
  return {
    kind: 'mysql',
    scheme,
    host,
    ...('port' in address ? { port: address.port } : {}),
    ...(database === null ? {} : { name: database }),
    ...(user === null ? {} : { user }),
    tls,
    ...providerOf(host),
  }
}

/** Which word names the socket. Null: none does. */
export const socketKey = (split: SplitHandle): string | null => SOCKET_KEYS.find((key) => nonEmpty(queryText(split, key)) !== null) ?? null

const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === null || text === '' ? null : text)

function whereOf(split: SplitHandle): { readonly address: Address; readonly host: string } {
  const key = socketKey(split)
  const path = key === null ? null : queryText(split, key)
  const text = path ?? split.host?.text
  if (text === undefined) throw invalid('names no host', `write ${MYSQL_GRAMMAR.example}, or ?socket=/run/mysqld/mysqld.sock for a socket`)
  if (path !== null && !path.startsWith('/'))
    throw invalid('names a socket that is no absolute path', 'write ?socket=/run/mysqld/mysqld.sock')
  if (!text.startsWith('/')) {
    const host = hostName({ text })
    return { address: { host, port: split.port?.number ?? 3306 }, host }
  }
  refuseHidden({ text }, 'path')
  if (Buffer.byteLength(text) > 107) throw invalid('names a socket with a path longer than 107 bytes', 'use a shorter path')
  return { address: { path: text }, host: text }
}
