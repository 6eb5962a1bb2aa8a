import type { HttpAnswer } from '../../net/http.ts'

/** A JSON object that a server sent: nothing is known of what stands in it. */
export type Fields = Readonly<Record<string, unknown>>

/** Null: the body is no JSON object. */
export function fieldsOf({ body }: HttpAnswer): Fields | null {
  try {
    return asFields(JSON.parse(body.toString('utf8')))
  } catch {
    return null
  }
}

export const asFields = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null // What stands in it stays unknown.

/** Null: no such field of its own, or no text. */
export function textIn(fields: Fields, name: string): string | null {
  const value = fieldIn(fields, name)
  return typeof value === 'string' ? value : null
}

/** Null: no such field, or no whole number from 0 that a number of ours can hold. */
export function countIn(fields: Fields, name: string): number | null {
  const value = fieldIn(fields, name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** Never what an object has by birth: `constructor`, `__proto__`. */
export const fieldIn = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined)
