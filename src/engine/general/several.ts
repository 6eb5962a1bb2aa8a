const SHOWN_MAX = 3

/** Names in a detail: `a, b, c and 12 more`. */
export function several(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX
  return more > 0 ? `${names.slice(0, SHOWN_MAX).join(', ')} and ${more} more` : names.join(', ')
}
