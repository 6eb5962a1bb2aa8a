import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, invalid } from '../../domain/handle-grammar.ts'
import { encodePart } from '../../domain/handle-replace.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleVariables } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import type { Recipe } from './recipes.ts'
import { schemesOf } from './rows.ts'

/** The keys of a web API, and where it answers. */
export interface WebApi {
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly tls: 'disable' | 'verify-full'
  /** By the parts of the recipe. */
  readonly keys: ReadonlyMap<string, Secret>
}

export const grammarOf = ({ row, parts }: Recipe): HandleGrammar => ({
  schemes: schemesOf(row.name),
  example: exampleOf({ row, parts }),
  queryKeys: parts.slice(2).map(({ name }) => name),
  socketSchemes: [],
})

/** `postmark://TOKEN@api.postmarkapp.com`; of several keys the third and further ones stand in the query. */
function exampleOf({ row, parts }: Pick<Recipe, 'row' | 'parts'>): string {
  const [first, second, ...more] = parts.map(({ name }) => name.toUpperCase())
  const query = more.map((name) => `${name.toLowerCase()}=${name}`).join('&')
  return `${row.name}://${first}${second === undefined ? '' : `:${second}`}@${row.host}${query === '' ? '' : `?${query}`}`
}

/** Throws HANDLE_INVALID: a key that looks like none of this API is refused before anything is contacted. */
export function parseWebApi(recipe: Recipe, handle: Handle): WebApi {
  const { row, parts } = recipe
  const split = splitHandle(handle.reveal(), grammarOf(recipe))
  if (split.path !== null && split.path.text !== '')
    throw invalid('has a path, and the keys of a web API have none', `write ${exampleOf(recipe)}`)
  const keys = new Map<string, Secret>()
  for (const [at, { name, looks, means }] of parts.entries()) {
    const text = at === 0 ? split.user?.text : at === 1 ? split.password?.text : queryText(split, name)
    if (text === undefined || text === null || text === '') throw invalid(`has no ${name.replace('_', ' ')}`, `write ${exampleOf(recipe)}`)
    refuseHidden({ text }, name)
    if (!looks.test(text)) throw invalid(`has a ${name.replace('_', ' ')} that looks like none of ${row.product}`, means)
    keys.set(name, new Secret(text))
  }
  if (parts.length === 1 && split.password !== null)
    throw invalid('has a password, and one key is all that this API knows', `write ${exampleOf(recipe)}`)
  const isPlain = split.scheme.endsWith('+http')
  const host = split.host === null ? (recipe.hostOf?.(keys) ?? row.host) : hostName(split.host)
  return { scheme: split.scheme, host, port: split.port?.number ?? (isPlain ? 80 : 443), tls: isPlain ? 'disable' : 'verify-full', keys }
}

export const identifyWebApi = ({ row }: Recipe, { scheme, host, port, tls }: WebApi): Identity => ({
  kind: row.name,
  scheme,
  host,
  port,
  tls,
  provider: row.product,
})

/** The handle that keys make. Throws HANDLE_INVALID. */
export function composeWebApi(recipe: Recipe, values: HandleVariables): Handle {
  const { row, parts } = recipe
  const texts = parts.map(({ name }) => encodePart(values.get(name)?.reveal() ?? ''))
  const [first = '', second, ...more] = texts
  const query = more.map((text, at) => `${parts[at + 2]?.name}=${text}`).join('&')
  const host = recipe.hostOf?.(values) ?? row.host
  const handle = new Secret(`${row.name}://${first}${second === undefined ? '' : `:${second}`}@${host}${query === '' ? '' : `?${query}`}`)
  parseWebApi(recipe, handle)
  return handle
}

export const decomposeWebApi = (recipe: Recipe, handle: Handle): HandleVariables => parseWebApi(recipe, handle).keys
