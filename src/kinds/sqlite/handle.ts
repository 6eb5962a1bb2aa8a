import { resolve } from 'node:path'
import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { type Parameter, type SplitPath, splitPath } from './path.ts'
import { remarksOf } from './remarks.ts'

/** A parsed handle of an SQLite file. It holds no secret. */
export interface Sqlite {
  readonly scheme: string
  /** Absolute. A relative one was resolved against the directory of this process. */
  readonly path: string
  /** What some readers of such handles take it for instead. Null: all agree. */
  readonly otherwise: string | null
  /** The handle asks to open it for reading alone. */
  readonly readOnly: boolean
  /** The handle says that nobody writes to it: neither locks nor -wal are looked at. */
  readonly immutable: boolean
  readonly parameters: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

/** Canonical first. `file:` is SQLite's own, and Prisma's. */
export const SQLITE_SCHEMES = ['sqlite', 'sqlite3', 'file', 'sqlite+pysqlite', 'sqlite+aiosqlite', 'spatialite']

/** Throws HANDLE_INVALID. https://www.sqlite.org/uri.html, and about.ts for what the readers of each scheme make of it. */
export function parseSqlite(handle: Handle): Sqlite {
  const split = splitPath(handle.reveal(), SQLITE_SCHEMES)
  const mode = wordOf(split, 'mode', ['ro', 'rw', 'rwc', 'memory'])
  wordOf(split, 'cache', ['shared', 'private'])
  if (mode === 'memory') throw inMemory()
  const { path, otherwise } = pathOf(split)
  return {
    scheme: split.scheme,
    path,
    otherwise,
    readOnly: mode === 'ro' || isOn(split, 'immutable'),
    immutable: isOn(split, 'immutable'),
    parameters: new Map(split.parameters.map(({ key, text }) => [key, TUNING.includes(key) ? text : UNSHOWN])),
    remarks: remarksOf(split, { path, otherwise, known: TUNING }),
  }
}

/** A file is reached by its path, as a socket is. */
export const identifySqlite = ({ scheme, path }: Sqlite): Identity => ({ kind: 'sqlite', scheme, host: path, tls: 'disable' })

export const traitsOfSqlite = ({ parameters }: Sqlite): Traits => ({ parameters, defaultCredentials: null })

/** Parameters of SQLite's own URIs, of Python's sqlite3, of Prisma, and of drivers that set pragmas. None is a secret. */
const TUNING = [
  ...['mode', 'cache', 'vfs', 'psow', 'nolock', 'immutable', 'modeof', 'uri'],
  ...['timeout', 'check_same_thread', 'isolation_level', 'detect_types', 'cached_statements', 'conn_max_age'],
  ...[
    'connection_limit',
    'socket_timeout',
    'pool',
    'pool_size',
    'pool_timeout',
    'busy_timeout',
    '_busy_timeout',
    'journal_mode',
    '_journal_mode',
  ],
  ...['foreign_keys', '_foreign_keys', '_fk', 'synchronous', '_synchronous', '_txlock', 'transaction_mode', 'charset', 'encoding'],
]

const inMemory = () =>
  invalid('names a database in memory: it ends with the process, and there is nothing to attach', 'name a file: sqlite:////PATH/TO/FILE.db')

const WINDOWS = /^\/*[A-Za-z]:(\/|$)|^\/\/\?/

function pathOf({ scheme, slashes, authority, text }: SplitPath): Pick<Sqlite, 'path' | 'otherwise'> {
  if (/^\/?:memory:$/i.test(text) || authority.toLowerCase() === ':memory:') throw inMemory()
  if (WINDOWS.test(text) || (slashes && WINDOWS.test(authority + text)))
    throw invalid('names a path of Windows', 'attach runs where paths begin with /: through WSL a drive is /mnt/c')
  const place = scheme === 'file' ? ofUri(authority, text) : ofUrl(scheme, { slashes, authority, text })
  if (/^\/*$/.test(place.named)) throw invalid('names no file', `write ${scheme}:${scheme === 'file' ? '' : '///'}/PATH/TO/FILE.db`)
  if (/\/\.{0,2}$|^\.{1,2}$/.test(place.named)) throw invalid('names a folder where a file stands', 'name the file in it')
  return {
    path: resolve(place.named),
    otherwise: place.otherwise === null ? null : resolve(place.otherwise),
  }
}

interface Named {
  readonly named: string
  readonly otherwise: string | null
}

/** https://www.sqlite.org/uri.html: an authority is nothing, or this machine. */
function ofUri(authority: string, text: string): Named {
  if (authority !== '' && authority.toLowerCase() !== 'localhost')
    throw invalid('names a host, and a file is on this machine', 'write file:NAME for a relative path, file:///PATH for an absolute one')
  return { named: text, otherwise: null }
}

/** Two slashes begin an authority to some and are nothing to others; three are a relative path to Python and an absolute one elsewhere. */
function ofUrl(scheme: string, { slashes, authority, text }: Pick<SplitPath, 'slashes' | 'authority' | 'text'>): Named {
  if (/[@:]/.test(authority)) throw invalid('names a user or a host, and a file has none', `write ${scheme}:PATH`)
  if (!slashes) return { named: text, otherwise: null }
  if (authority !== '') return { named: `${authority}${text}`, otherwise: text === '' ? null : text }
  if (scheme === 'sqlite3' || text.startsWith('//')) return { named: text.replace(/^\/+/, '/'), otherwise: null }
  return { named: text.replace(/^\//, ''), otherwise: text }
}

/** Of a repeated one the last counts. Throws HANDLE_INVALID for a word that SQLite does not have. */
function wordOf({ parameters }: SplitPath, name: string, words: readonly string[]): string | null {
  const word = textOf(parameters, name)
  if (word !== null && !words.includes(word)) throw invalid(`has an unknown word for ${name}`, `the words are ${words.join(', ')}`)
  return word
}

const isOn = ({ parameters }: SplitPath, name: string): boolean =>
  ['1', 'true', 'yes', 'on'].includes(textOf(parameters, name)?.toLowerCase() ?? '')

const textOf = (parameters: readonly Parameter[], name: string): string | null =>
  parameters.findLast(({ key }) => key === name)?.text ?? null
