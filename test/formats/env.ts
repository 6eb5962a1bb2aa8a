import type { Key } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type EnvEdit, type EnvEditOptions, editEnv, readEnv } from '../../src/formats/dotenv.ts'

/** Wanted values by key; `null` detaches. */
export type Wanted = Readonly<Record<string, string | null>>

export const keyOf = (text: string): Key => text as Key

/** Each character is one byte, so that a test can say any bytes. */
export const raw = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1')

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8')

export const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export function edit(bytes: Uint8Array, wanted: Wanted, options: EnvEditOptions = {}): EnvEdit {
  const changes = Object.entries(wanted).map(([key, after]) => ({ key: keyOf(key), after: after === null ? null : new Secret(after) }))
  return editEnv(bytes, changes, options)
}

/** The new text of an edit of a UTF-8 text. */
export const edited = (text: string, wanted: Wanted, options: EnvEditOptions = {}): string =>
  Buffer.from(edit(utf8(text), wanted, options).bytes).toString('utf8')

export const codesOf = (text: string, wanted: Wanted): readonly string[] => edit(utf8(text), wanted).notes.map(({ code }) => code)

export const entriesOf = (bytes: Uint8Array): ReadonlyMap<string, string> =>
  new Map([...readEnv(bytes).entries].map(([key, value]) => [key, value.reveal()]))

/** Why it was refused; fails when it was not, or with anything but CONFIG_INVALID. */
export function refusalOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (isAttachError(error, 'CONFIG_INVALID')) return `${error.message} ${error.hint ?? ''}`
    throw error
  }
  throw new Error('it was not refused')
}
