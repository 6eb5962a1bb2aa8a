import type { Scan } from './env-scan.ts'
import { refersTo } from './env-style.ts'
import type { ByteText } from './env-text.ts'

/** Other keys whose text refers to one of `touched`, or to a key that does, in the order of the file: for a reader that expands, they change with it. */
export function followersOf(text: ByteText, { assignments }: Scan, touched: readonly string[]): readonly string[] {
  if (!text.includes('$')) return []
  const referring = assignments
    .map(({ key, from, to }) => ({ key, raw: text.slice(from, to) }))
    .filter(({ key, raw }) => raw.includes('$') && !touched.includes(key))
  const found = new Set<string>()
  const open = [...touched]
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const { key: follower, raw } of referring) {
      if (found.has(follower) || !refersTo(raw, key)) continue
      found.add(follower)
      open.push(follower)
    }
  }
  return [...new Set(referring.map(({ key }) => key))].filter((key) => found.has(key))
}
