import { REMARKS } from '../../domain/checks.ts'
import { type Finding, found } from '../../domain/finding.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { edited } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { Kind } from '../../ports/kind.ts'
import { partEdits } from '../parts.ts'
import { composeWebApi, decomposeWebApi, grammarOf, identifyWebApi, parseWebApi, type WebApi } from './handle.ts'
import { RECIPES, type Recipe } from './recipes.ts'
import { schemesOf } from './rows.ts'

/** The kind of a web API, by its recipe. */
export const webApis: readonly Kind<WebApi>[] = RECIPES.map((recipe) => ({
  name: recipe.row.name,
  schemes: schemesOf(recipe.row.name),
  usualKey: recipe.row.usualKey,
  depth: recipe.call === null ? 'secure' : 'use',
  parse: (handle) => parseWebApi(recipe, handle),
  identify: (resource) => identifyWebApi(recipe, resource),
  remarks: () => (recipe.call === null ? [shapeOnly(recipe)] : []),
  traits: () => ({ parameters: new Map(), defaultCredentials: null }),
  probe: async (resource, context) => (await import('./probe.ts')).probeWebApi(recipe, resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openWebApi(recipe, resource, context)
    return { report, session: live === null ? null : (await import('./guards.ts')).sessionOn(recipe, live) }
  },
  ...(recipe.call === null ? {} : { guards: async () => (await import('./guards.ts')).guardsFor(recipe) }),
  compose: (values) => composeWebApi(recipe, values),
  decompose: (handle) => decomposeWebApi(recipe, handle),
  replaceParts: (handle, { host, port, name, user, password }) => {
    if (name !== undefined) throw invalid('has no name: the keys of a web API lead to their account', 'leave --name out')
    if (password !== undefined && recipe.parts.length === 1)
      throw invalid('has one key, and no password', 'give the key with --user, or the whole handle')
    const text = handle.reveal()
    const split = splitHandle(text, grammarOf(recipe))
    const next = new Secret(edited(text, [...partEdits(split, { host, port, user, password })]))
    parseWebApi(recipe, next)
    return next
  },
}))

/** Nothing that costs nothing tells whether the key is good. */
const shapeOnly = ({ row }: Recipe): Finding => ({
  ...found(
    REACHABLE,
    `of ${row.product} only the shape of the key and the way there are looked at: no call is free of charge and of traces`,
    { severity: 'info' },
  ),
  status: 'unknown',
})

const REACHABLE = REMARKS.find(({ id }) => id === 'probe.reachable') ?? REMARKS[0]

export const webApiNamed = (name: string): Kind<WebApi> => webApis.find((kind) => kind.name === name) ?? fail()
function fail(): never {
  throw new Error('there is no such web API')
}
