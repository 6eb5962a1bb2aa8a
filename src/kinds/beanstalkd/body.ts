import { NetError } from '../../net/bounded.ts'
import { TUBE } from './handle.ts'

/** What `stats` says, by name. */
export type Stats = ReadonlyMap<string, string>

const LINES_MAX = 20_000

/** `---` and lines of `name: value`: no more of YAML is ever sent, and no more is read. Throws NetError `protocol`. */
export function statsIn(body: Buffer): Stats {
  const stats = new Map<string, string>()
  for (const line of linesIn(body)) {
    const [, name, value = ''] = /^([a-z][a-z0-9-]{0,63}):(?: (.{0,1000}))?$/.exec(line) ?? []
    if (name === undefined || stats.has(name)) throw new NetError('talk', 'protocol')
    stats.set(name, value.replace(/^"(.*)"$/, '$1'))
  }
  return stats
}

/** `---` and lines of `- name`. Throws NetError `protocol`. */
export function tubesIn(body: Buffer): readonly string[] {
  return linesIn(body).map((line) => {
    const name = /^- "?([^"]*)"?$/.exec(line)?.[1] ?? ''
    if (!TUBE.test(name)) throw new NetError('talk', 'protocol')
    return name
  })
}

function linesIn(body: Buffer): readonly string[] {
  const [head, ...lines] = body.toString('latin1').split('\n')
  if (head !== '---' || lines.pop() !== '' || lines.length > LINES_MAX) throw new NetError('talk', 'protocol')
  return lines
}

/** Null: it has no such number. */
export function numberIn(stats: Stats, name: string): number | null {
  const text = stats.get(name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}
