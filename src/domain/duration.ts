const TIME = /^(\d{1,9})(ms|s|m)?$/
const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000 } as const

/** A day: no wait of ours is longer. */
export const DURATION_MS_MAX = 24 * 60 * 60_000

/** Milliseconds of `500ms`, `30s`, `2m`; a bare number is seconds. Null: this is no time. Whether 0 or over a day is fit is for the caller. */
export function millisecondsIn(text: string): number | null {
  const [, digits, unit] = TIME.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * MILLISECONDS[unit === 'ms' || unit === 'm' ? unit : 's']
}
