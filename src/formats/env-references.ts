import type { Scan } from './env-scan.ts'
import type { ByteText } from './env-text.ts'

/** Other keys whose text refers to one of `touched`, or to a key that does, in the order of the file: for a reader that expands, they change with it. */
export function followersOf(text: ByteText, { assignments }: Scan, touched: readonly string[]): readonly string[] {
  if (!text.includes('$')) return []
  const referring = assignments
    .map(({ key, from, to }) => ({ key, raw: text.slice(from, to) }))
    .filter(({ key, raw }) => raw.includes('$') && !touched.includes(key))
  const followers = new Map<string, string[]>()
  for (const { key, raw } of referring) {
    for (const name of namesIn(raw)) {
      const known = followers.get(name)
      if (known === undefined) followers.set(name, [key])
      else known.push(key)
    }
  }
  const found = new Set<string>()
  const open = [...touched]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const follower of followers.get(key) ?? []) {
      if (found.has(follower)) continue
      found.add(follower)
      open.push(follower)
    }
  }
  return [...new Set(referring.map(({ key }) => key))].filter((key) => found.has(key))
}

/** Every name that a value refers to, as `$NAME` or `${NAME…}`. */
function namesIn(raw: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [, plain, braced] of raw.matchAll(/(?<!\\)\$(?:([A-Za-z_]\w*)|\{([\w.-]+))/g)) {
    if (plain !== undefined) names.add(plain)
    if (braced === undefined) continue
    names.add(braced)
    names.add(/^\w*/.exec(braced)?.[0] ?? braced) // `${A-x}`: x takes the place of an A that is not set.
  }
  return names
}
