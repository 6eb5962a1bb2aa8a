import { type HandleGrammar, type HostPart, invalid, type SplitHandle } from '../../../domain/handle-grammar.ts'
import { queryText, refuseHidden } from '../../../domain/handle-split.ts'
import { canonicalHost } from '../../../domain/place.ts'
import { Secret } from '../../../domain/secret.ts'
import { hostName } from '../../host.ts'

/** A host and its port, and both as they are shown: `h1:26379`, `[::1]:26379`. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly text: string
}

/** Sentinels, and the name by which they know the master that is meant. */
export interface Watch {
  readonly name: string
  /** In the order of the handle: they are asked in it. */
  readonly sentinels: readonly [Place, ...Place[]]
  /** Of the sentinels themselves. What stands before the hosts is for the master. */
  readonly user: string | null
  readonly password: Secret | null
}

export const SENTINEL_TLS_SCHEMES = ['rediss-sentinel', 'rediss+sentinel']
export const SENTINEL_SCHEMES = ['redis-sentinel', 'redis+sentinel', ...SENTINEL_TLS_SCHEMES]
const EXAMPLE = 'redis-sentinel://:PASSWORD@HOST:26379,HOST/MASTER/0'
const PORT = 26_379
/** Nobody runs more; each of them is asked. */
const SENTINELS_MAX = 32
/** As Lettuce names the master; the path is the database alone then. */
const NAME_KEY = 'sentinelMasterId'

/** The grammar of a sentinel handle, made from that of a server. */
export const withSentinels = (grammar: HandleGrammar): HandleGrammar => ({
  ...grammar,
  schemes: [...SENTINEL_SCHEMES, ...grammar.schemes],
  example: EXAMPLE,
  queryKeys: [...grammar.queryKeys, NAME_KEY, 'sentinel_username', 'sentinel_password'],
  hosts: 'several',
})

export const isSentinelText = (text: string): boolean => /^rediss?[-+]sentinel:\/\//i.test(text)

/** Older Lettuce: `…/0#NAME`. An @ behind the # would make it a piece of a password. Empty: there is none. */
export const fragmentIn = (text: string): string => (isSentinelText(text) ? (/^[^#]*(#[\w.-]+)$/.exec(text)?.[1] ?? '') : '')

export const placeOf = (host: string, port: number): Place => ({ host, port, text: `${host.includes(':') ? `[${host}]` : host}:${port}` })

/** Null: the path names the master. */
export const nameBesides = (split: SplitHandle, fragment: string): string | null =>
  queryText(split, NAME_KEY) ?? (fragment === '' ? null : fragment.slice(1))

/** The database in the path. Empty: there is none. */
export function databaseInPath(split: SplitHandle, fragment: string): string {
  const [first = '', second = ''] = segmentsOf(split)
  return nameBesides(split, fragment) === null ? second : first
}

/** Throws HANDLE_INVALID. Null: it is a handle of a server. */
export function watchOf(split: SplitHandle, fragment: string): Watch | null {
  if (!SENTINEL_SCHEMES.includes(split.scheme)) return null
  const { host, port, others } = split
  if (host === null) throw invalid('names no sentinel', `write ${EXAMPLE}`)
  if (others.length >= SENTINELS_MAX) throw invalid(`lists more than ${SENTINELS_MAX} sentinels`, 'name some of them')
  const first = sentinelOf({ host, port })
  const all = [first, ...others.map(sentinelOf)]
  const keys = all.map((place) => `${canonicalHost(place.host)} ${place.port}`)
  const [user, password] = ['sentinel_username', 'sentinel_password'].map((key) => queryText(split, key) || null)
  if (user && !password) throw invalid('has a user for the sentinels and no password', 'add &sentinel_password=PASSWORD')
  if (user) refuseHidden({ text: user }, 'query part sentinel_username')
  return {
    name: nameOf(split, fragment),
    sentinels: [first, ...all.slice(1).filter((_, at) => keys.indexOf(keys[at + 1] ?? '') === at + 1)],
    user: user ?? null,
    password: password ? new Secret(password) : null,
  }
}

function sentinelOf({ host: part, port }: HostPart): Place {
  if (part.text.startsWith('/')) throw invalid('has a path where a sentinel stands', 'sentinels are named by host and port')
  return placeOf(hostName(part), port?.number ?? PORT)
}

const segmentsOf = (split: SplitHandle): readonly string[] => (split.path?.text ?? '').replace(/\/$/, '').split('/')

function nameOf(split: SplitHandle, fragment: string): string {
  if (fragment !== '' && queryText(split, NAME_KEY) !== null)
    throw invalid('names its master twice, in the query and behind the #', 'keep one')
  const segments = segmentsOf(split)
  const besides = nameBesides(split, fragment)
  const [first = ''] = segments
  if (besides !== null && segments.length > 1) throw invalid('names its master twice, in the path and besides', 'keep one')
  if (besides === null && segments.length > 2) throw invalid('has more in its path than a master and a database', `write ${EXAMPLE}`)
  const name = besides ?? first
  if (name === '') throw invalid('names no master that the sentinels watch', `write its name behind the hosts: ${EXAMPLE}`)
  if (besides === null && /^\d{1,6}$/.test(name))
    throw invalid('has a database where the name of the master stands', `write the name first: ${EXAMPLE}`)
  if (!/^[\w.-]{1,128}$/.test(name))
    throw invalid('has a name of a master that Sentinel does not take', 'it has letters, digits, and . - _ alone')
  return name
}
