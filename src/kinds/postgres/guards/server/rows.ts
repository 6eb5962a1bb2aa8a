/** Longer than any name or setting of a server that means well. */
const LONGEST = 1_000

/** Reads one field of an answer. Throws on what PostgreSQL would not say. */
export type Read<T> = (value: unknown) => T

export const text: Read<string> = (value) => {
  if (typeof value !== 'string' || value.length > LONGEST) throw new TypeError('not a text')
  return value
}

export const whole: Read<number> = (value) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('not a whole number')
  return value
}

/** A whole number in decimal that may be longer than one of ours. */
export const digits: Read<string> = (value) => {
  if (typeof value !== 'string' || !/^\d{1,40}$/.test(value)) throw new TypeError('not a whole number')
  return value
}

export const flag: Read<boolean> = (value) => {
  if (typeof value !== 'boolean') throw new TypeError('neither true nor false')
  return value
}

export const orNull =
  <T>(read: Read<T>): Read<T | null> =>
  (value) =>
    value === null ? null : read(value)

/** An array of JSON. */
export const listOf =
  <T>(read: Read<T>): Read<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new TypeError('not a list')
    return value.map((each) => read(each))
  }

/** The only row of an answer. */
export function only<T>(read: (row: Readonly<Record<string, unknown>>) => T): (rows: readonly Readonly<Record<string, unknown>>[]) => T {
  return ([row]) => {
    if (row === undefined) throw new TypeError('no row')
    return read(row)
  }
}
