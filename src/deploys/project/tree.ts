import type { Alias, CST, ParsedNode, YAMLMap } from 'yaml'
import { keysHint, type Path, pathText } from './keys.ts'
import type { Trouble } from './refusal.ts'
import { syntaxTrouble } from './syntax.ts'

type Yaml = typeof import('yaml')

/** YAML as plain values: mappings without a prototype, lists, texts, numbers, true, false and null. */
export interface Tree {
  readonly root: unknown
  /** The offset of what stands at a path, or of the key that holds it. 0 where nothing stands there. */
  offsetOf(path: Path, what: 'key' | 'value'): number
}

/** A file of 256 KiB can ask for more work than a start is worth; each of these is far beyond what a person writes. */
const LEXEMES_MAX = 50_000
const DEPTH_MAX = 32
const VALUES_MAX = 20_000

/**
 * Reads one YAML 1.2 document (core schema). Aliases are followed; tags, directives, merge keys, duplicate keys and keys that are no text are
 * refused. Never throws for a bad text, and its work is bounded.
 */
export function treeOf(text: string, yaml: Yaml): { readonly tree: Tree } | { readonly troubles: readonly Trouble[] } {
  const read = tokensOf(text, yaml)
  if ('trouble' in read) return { troubles: [read.trouble] }
  const foreign = foreignIn(read.tokens)
  if (foreign.length > 0) return { troubles: foreign }
  const composer = new yaml.Composer({ version: '1.2', schema: 'core', uniqueKeys: false, resolveKnownTags: false, logLevel: 'silent' })
  const [document] = [...composer.compose(read.tokens, true, text.length)]
  if (document === undefined || document.errors.length > 0) {
    return { troubles: document?.errors.map(({ code, pos: [at] }) => ({ at, ...syntaxTrouble(code) })) ?? [] }
  }
  const walk: Walk = { yaml, anchors: new Map(), open: new Set(), places: new Map(), troubles: [], values: 0 }
  const root = plainOf(document.contents, [], 0, walk)
  if (walk.troubles.length > 0) return { troubles: walk.troubles }
  return { tree: { root, offsetOf: (path, what) => walk.places.get(JSON.stringify(path))?.[what] ?? 0 } }
}

/** The concrete syntax, which is made without recursion. */
function tokensOf(text: string, { Lexer, Parser }: Yaml): { readonly tokens: readonly CST.Token[] } | { readonly trouble: Trouble } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let lexemes = 0
  let at = 0
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1
    if (lexemes > LEXEMES_MAX)
      return { trouble: { at, what: `more than ${LEXEMES_MAX} pieces of YAML stand before this place`, hint: TOO_MUCH } }
    at = parser.offset
    tokens.push(...parser.next(lexeme))
  }
  tokens.push(...parser.end())
  return { tokens }
}

const TOO_MUCH = 'leave only what attach.yaml needs: default, deploys, resources'

/** What is YAML and not read here, and nesting on which the composer, which is recursive, would exhaust the stack. */
function foreignIn(tokens: readonly CST.Token[]): readonly Trouble[] {
  const troubles: Trouble[] = []
  const found = (at: number, what: string, hint: string): void => void troubles.push({ at, what, hint })
  const second = tokens.filter(({ type }) => type === 'document')[1]
  if (second !== undefined) found(second.offset, 'a second document begins here', 'leave one document: no line of --- after the first')
  const left: { readonly token: CST.Token | CST.SourceToken; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token, depth } = next
    if (token.type === 'directive') found(token.offset, 'a directive (%) is not read', 'remove the line: attach.yaml is YAML 1.2')
    if (token.type === 'tag') found(token.offset, 'a tag (!) is not read', 'remove the tag, and put a text that begins with ! in quotes')
    if (depth > DEPTH_MAX) {
      found(token.offset, `nested more than ${DEPTH_MAX} deep`, TOO_MUCH)
      return troubles
    }
    for (const part of partsOf(token)) left.push({ token: part, depth: depth + 1 })
  }
  return troubles
}

function partsOf(token: CST.Token | CST.SourceToken): readonly (CST.Token | CST.SourceToken)[] {
  const items = 'items' in token ? token.items : []
  return [
    ...('start' in token && Array.isArray(token.start) ? token.start : []),
    ...('props' in token ? token.props : []),
    ...('value' in token && token.value !== undefined ? [token.value] : []),
    ...items.flatMap(({ start, key, sep = [], value }) => [...start, ...(key ? [key] : []), ...sep, ...(value ? [value] : [])]),
  ]
}

interface Walk {
  readonly yaml: Yaml
  readonly anchors: Map<string, ParsedNode>
  /** Nodes that are being read: an alias of one of them stands inside itself. */
  readonly open: Set<ParsedNode>
  readonly places: Map<string, { readonly key: number; readonly value: number }>
  readonly troubles: Trouble[]
  values: number
}

/** `key`: the offset of the key that holds it. */
function plainOf(node: ParsedNode | null, path: Path, key: number, walk: Walk): unknown {
  const at = node?.range[0] ?? key
  walk.values += 1
  if (walk.values === VALUES_MAX + 1) walk.troubles.push({ at, what: `more than ${VALUES_MAX} values, aliases counted`, hint: TOO_MUCH })
  if (walk.values > VALUES_MAX) return null
  walk.places.set(JSON.stringify(path), { key, value: at })
  if (node === null) return null
  const { yaml, anchors, open } = walk
  if (yaml.isAlias(node)) return aliased(node, path, key, walk)
  if (node.anchor !== undefined) anchors.set(node.anchor, node)
  if (yaml.isScalar(node)) return scalarOf(node.value, at, walk)
  open.add(node)
  const plain = yaml.isMap(node) ? mappingOf(node, path, walk) : node.items.map((item, place) => plainOf(item, [...path, place], at, walk))
  open.delete(node)
  return plain
}

function aliased(alias: Alias.Parsed, path: Path, key: number, walk: Walk): unknown {
  const [at] = alias.range
  const target = walk.anchors.get(alias.source)
  if (target === undefined) walk.troubles.push({ at, what: 'an alias (*) of nothing that stands before it', hint: WRITE_OUT })
  else if (walk.open.has(target)) walk.troubles.push({ at, what: 'an alias (*) inside what it stands for', hint: WRITE_OUT })
  else if (path.length > DEPTH_MAX) walk.troubles.push({ at, what: `nested more than ${DEPTH_MAX} deep, aliases counted`, hint: TOO_MUCH })
  else return plainOf(target, path, key, walk)
  return null
}

const WRITE_OUT = 'write out what is meant'

function scalarOf(found: unknown, at: number, { troubles }: Walk): unknown {
  if (typeof found === 'string' && found.includes('\0'))
    troubles.push({ at, what: 'a text with a NUL character', hint: 'write it without \\0' })
  return found
}

function mappingOf(node: YAMLMap.Parsed, path: Path, walk: Walk): Readonly<Record<string, unknown>> {
  const mapping: Record<string, unknown> = Object.create(null)
  for (const { key, value } of node.items) {
    const [at] = key.range
    const name = keyOf(key, path, at, walk)
    if (name === null) continue
    if (Object.hasOwn(mapping, name))
      walk.troubles.push({ at, what: `${pathText([...path, name])} stands here twice`, hint: 'leave one of the two' })
    else mapping[name] = plainOf(value, [...path, name], at, walk)
  }
  return mapping
}

function keyOf(key: ParsedNode, path: Path, at: number, { yaml, anchors, troubles }: Walk): string | null {
  const hint = keysHint(path)
  const name = yaml.isScalar(key) ? key.value : undefined
  if (yaml.isScalar(key) && key.anchor !== undefined) anchors.set(key.anchor, key)
  if (typeof name !== 'string') troubles.push({ at, what: 'a key that is no text', hint })
  else if (name === '<<') troubles.push({ at, what: 'a merge key (<<) is not read', hint: WRITE_OUT })
  else if (name === '__proto__' || name.includes('\0')) troubles.push({ at, what: 'a key that no variable and no deploy can have', hint })
  else return name
  return null
}
