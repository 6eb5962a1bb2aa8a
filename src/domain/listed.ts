const SHOWN_MAX = 12

/** Names in a sentence: `a, b, c and 12 more`. `most`: so many are told. */
export function listed(names: readonly string[], most = SHOWN_MAX): string {
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more.toLocaleString('en-US')} more` : names.join(', ')
}
