/** What was told, or why it was not: `may not read pg_authid`. Fit to print, and to be kept in a file. */
export type Told<T> = { readonly is: T } | { readonly unknown: string }

/**
 * What a resource says of itself, as plain data (JSON): taken over one session, compared by pure functions, and kept as a baseline for the day
 * on which it is dead. Holds no secret and no content of the app but names, counts and times.
 */
export interface Survey {
  readonly kind: string
  /** ISO 8601, UTC, by the clock of this machine. */
  readonly takenAt: string
  /** The same text for two handles that lead to one resource, and for no others: told by the server, never made of the handle. */
  readonly resource: Told<string>
  /** One short question and its answer: the median of five, milliseconds. */
  readonly roundTripMs: Told<number>
  /** How far its data go. Positions of one `line` can be compared, and those of one and of what left it; others cannot. */
  readonly position: Told<Position>
  /** ISO 8601, UTC: its newest row, where attach.yaml says which column tells (`expect: { fresh: … }`). */
  readonly newest: Told<string>
  /** What the kind alone reads. */
  readonly facts: unknown
}

/** What a resource told when it was well, and a file kept: a baseline. */
export interface KeptSurvey extends Survey {
  /** Where its handle led, redacted: `postgres://app@db1:5432/app`. */
  readonly target: string
}

export interface Position {
  /** What wrote it: a cluster and its copies share one. */
  readonly line: string
  /** Grows with every write. A whole number, in decimal: it may be longer than a number of ours. */
  readonly at: string
  /** What one step of it is: `bytes of WAL`. */
  readonly unit: string
  /** The line that it left, as a replica does that is promoted, and where: it has that line up to there. Its own goes on counting from there. */
  readonly before?: { readonly line: string; readonly at: string }
}

/** What attach.yaml asks of the age of a resource's data. */
export interface Fresh {
  /** `orders`, or `shop.orders`. */
  readonly table: string
  readonly column: string
  readonly withinMs: number
}

/** What a resource is for: it decides whether losing or evicting keys is harmless. */
export const USES = ['cache', 'queue', 'store'] as const
export type Use = (typeof USES)[number]

/** What was told, or null. */
export const told = <T>(some: Told<T>): T | null => ('is' in some ? some.is : null)
