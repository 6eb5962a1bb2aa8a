import { Secret } from '../../src/domain/secret.ts'

/**
 * Short names for long texts. A run repeats the beginning of the run before it, so the names given there are given again in the same order,
 * without the texts.
 */
export class Names {
  readonly #known = new Map<string, string>()
  readonly #given: string[] = []
  #next = 0

  /** How many names this run was given so far. */
  get given(): number {
    return this.#next
  }

  /** A new run that repeats the last one up to this many names. */
  repeat(given: number): void {
    this.#given.length = given
    this.#next = 0
  }

  of(text: () => string): string {
    const again = this.#given[this.#next]
    this.#next += 1
    if (again !== undefined) return again
    const long = text()
    const name = this.#known.get(long) ?? this.#known.size.toString(36)
    this.#known.set(long, name)
    this.#given.push(name)
    return name
  }
}

/** Any value as text, secrets and maps included. By hand, for a replacer makes JSON.stringify slow. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === undefined) return 'void'
  if (value === null || typeof value !== 'object') return String(value)
  if (value instanceof Secret) return show(value.reveal())
  if (value instanceof Map) return show([...value])
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`
  const fields = Object.entries(value).filter(([, held]) => held !== undefined)
  return `{${fields.map(([name, held]) => `"${name}":${show(held)}`).join(',')}}`
}

/** One of a list, or a bug of this explorer. */
export function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`no ${index} of ${list.length}`)
  return item
}
