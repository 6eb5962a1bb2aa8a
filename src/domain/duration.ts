const TIME = /^(\d{1,9})(ms|s|m)?$/
const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000 } as const

/** A day: no wait of ours is longer. */
export const DURATION_MS_MAX = 24 * 60 * 60_000

/** How long ago something was: `less than a minute`, `5 min`, `3 h`, `12 days`. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} days`
}

/** Milliseconds of `500ms`, `30s`, `2m`; a bare number is seconds. Null: this is no time. Whether 0 or over a day is fit is for the caller. */
export function millisecondsIn(text: string): number | null {
  const [, digits, unit] = TIME.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * MILLISECONDS[unit === 'ms' || unit === 'm' ? unit : 's']
}
