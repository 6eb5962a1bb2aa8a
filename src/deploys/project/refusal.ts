import { AttachError } from '../../domain/errors.ts'

/** One thing that is wrong in attach.yaml. */
export interface Trouble {
  /** Where, as an offset in the text. */
  readonly at: number
  /** One sentence in our words. Never holds a text of the file, but names of deploys and keys. */
  readonly what: string
  readonly hint: string
}

/** CONFIG_INVALID: the first of them by its place, and how many more there are. `label`: the file, as it is named on the screen. */
export function refusal(label: string, text: string, troubles: readonly Trouble[]): AttachError {
  const places = new Map<number, Trouble>()
  for (const trouble of troubles) if (!places.has(trouble.at)) places.set(trouble.at, trouble)
  const [first = { at: 0, what: 'cannot be read', hint: 'attach init' }, ...more] = [...places.values()].sort((a, b) => a.at - b.at)
  const { line, column } = placeIn(text, first.at)
  const others = more.length === 0 ? '' : `; ${more.length} more ${more.length === 1 ? 'error follows' : 'errors follow'}`
  return invalid(`${label}:${line}:${column}: ${first.what}${others}`, first.hint)
}

/** CONFIG_INVALID of a file that was not understood. */
export const invalid = (what: string, hint: string): AttachError =>
  new AttachError('CONFIG_INVALID', `${what}; nothing was contacted`, { hint })

/** Both from 1; columns in UTF-16 units, as editors count them. */
export function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
