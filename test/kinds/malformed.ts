import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { AttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Kind } from '../../src/ports/kind.ts'
import { contactsNothing } from '../support/no-contact.ts'

/** Stands in the rows below as a password, or a piece of one. */
export const PIECE = 'Zq8xKv'

/** A handle, and the sentence that the user gets. */
export type Row = readonly [handle: string, sentence: string | RegExp]

/** Every row is refused with its sentence, before anything is contacted, and the sentence holds nothing of the handle. */
export function describeMalformed<R>(kind: Kind<R>, rows: readonly Row[], least = 25): void {
  describe('handles that cannot be meant', () => {
    contactsNothing()

    test(`there are at least ${least} rows, and no handle twice`, () => {
      expect(rows.length).toBeGreaterThanOrEqual(least)
      expect(new Set(rows.map(([handle]) => handle)).size).toBe(rows.length)
    })

    test.each(rows.map(([handle, sentence]) => ({ handle, sentence, shown: JSON.stringify(handle.replaceAll(PIECE, 'PW')) })))(
      '$shown is refused: $sentence',
      ({ handle, sentence }) => {
        const error = refusal(kind, handle)
        expect(error.code).toBe('HANDLE_INVALID')
        if (typeof sentence === 'string') expect(error.message).toBe(`the handle ${sentence}`)
        else expect(error.message).toMatch(sentence)
        expect(error.hint, 'a hint').toMatch(/\S{2}/)
        const all = `${error.message}|${error.hint}|${inspect(error, { depth: 9, showHidden: true })}`
        expect(all).not.toContain(PIECE)
        expect(all).not.toContain(PIECE.slice(0, 4))
      },
    )
  })
}

/** Fails when the handle is taken, or when anything but an AttachError comes. */
export function refusal<R>(kind: Kind<R>, handle: string): AttachError {
  try {
    kind.parse(new Secret(handle))
  } catch (error) {
    if (error instanceof AttachError) return error
    throw new Error('something else than an AttachError was thrown', { cause: error })
  }
  throw new Error('the handle was taken')
}
