const SHOWN_MAX = 12

/** Names in a sentence. Of very many only the first. */
export function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX
  return more > 0 ? `${names.slice(0, SHOWN_MAX).join(', ')} and ${more} more` : names.join(', ')
}
