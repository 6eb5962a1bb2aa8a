const LONGEST = 64

/**
 * The candidate that was probably meant by `word`: at most one slip in three letters, or `word` is its beginning. Case does not count.
 * The first of the best wins; `null` when nothing is near. The answer is one of the candidates, never a part of `word`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word === '' || word.length > LONGEST) return null
  const typed = word.toLowerCase()
  let best: { readonly name: string; readonly slips: number } | null = null
  for (const name of candidates) {
    const slips = slipsBetween(typed, name.toLowerCase())
    if (slips <= allowed(typed, name) && slips < name.length && (best === null || slips < best.slips)) best = { name, slips }
  }
  return best?.name ?? beginningWith(typed, candidates)
}

const allowed = (word: string, name: string): number => Math.max(1, Math.floor(Math.min(word.length, name.length) / 3))

/** Three letters at least, or a single letter would name anything. */
function beginningWith(typed: string, candidates: Iterable<string>): string | null {
  if (typed.length < 3) return null
  for (const name of candidates) if (name.toLowerCase().startsWith(typed)) return name
  return null
}

/** Letters added, left out, changed, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  if (b.length > LONGEST) return Number.POSITIVE_INFINITY
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line: number[] = [row]
    for (let column = 1; column <= b.length; column++) {
      const changed = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const slips = Math.min(at(last, column) + 1, at(line, column - 1) + 1, changed)
      line.push(swapped ? Math.min(slips, at(beforeLast, column - 2) + 1) : slips)
    }
    beforeLast = last
    last = line
  }
  return at(last, b.length)
}

const at = (line: readonly number[], column: number): number => line[column] ?? Number.POSITIVE_INFINITY
