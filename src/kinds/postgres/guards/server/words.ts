const SHOWN_MAX = 3
const TEXT_MAX = 60

/** The first names of a list, and how many more there are. */
export const few = (names: readonly string[]): string => firsts(names.map(short), ', ')

/** The same of phrases. */
export const phrases = (all: readonly string[]): string => firsts(all, '; ')

function firsts(all: readonly string[], between: string): string {
  const more = all.length - SHOWN_MAX
  const shown = all.slice(0, SHOWN_MAX).join(between)
  return more > 0 ? `${shown} and ${more} more` : shown
}

/** Statements that a person can run, one after another. */
export function statements(all: readonly string[]): string {
  const more = all.length - SHOWN_MAX
  return more > 0 ? `${all.slice(0, SHOWN_MAX).join('; ')}; and the same for ${more} more` : all.join('; ')
}

/** A server may say a text of any length. */
export const short = (text: string): string => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text)

/** A name in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text in SQL. */
export const literal = (value: string): string =>
  value.includes('\\') ? `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${value.replaceAll("'", "''")}'`

/** `12,345`. */
export const figure = (count: number | bigint): string => count.toLocaleString('en-US')

/** `1 transaction`, `12,345 transactions`. */
export const counted = (count: number | bigint, one: string, many = `${one}s`): string =>
  `${figure(count)} ${BigInt(count) === 1n ? one : many}`

/** `7.5 MB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}
