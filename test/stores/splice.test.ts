import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filled, finished, firstDifference, isMuddled, progressOf, type Texts } from '../../src/stores/splice.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom('A=1\n', 'B=', 'x', '\n', 'URL=old\n', 'URL=newer\n'), { maxLength: 8 }).map((parts) => bytes(parts.join(''))),
)
const texts: fc.Arbitrary<Texts> = fc.record({ old: text, new: text })
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** Every state that a write leaves which is killed between two bytes: room, the text itself, the cut. */
function statesOf({ old, new: text }: Texts): readonly Uint8Array[] {
  const length = Math.max(old.length, text.length)
  const states: Uint8Array[] = []
  for (let size = old.length; size <= length; size += 1) states.push(filled(old, size))
  for (let done = firstDifference(old, text); done <= length; done += 1)
    states.push(Buffer.concat([filled(text, length).subarray(0, done), filled(old, length).subarray(done)]))
  states.push(text)
  return states
}

describe('a write in place that was killed', () => {
  test('is told at every byte, and finished to one of its two texts', () => {
    fc.assert(
      fc.property(texts, (both) => {
        for (const state of statesOf(both)) {
          expect(progressOf(state, both)).not.toBe('foreign')
          const end = finished(state, both) ?? state
          expect(same(end, both.old) || same(end, both.new)).toBe(true)
        }
      }),
    )
  })

  test('is finished to the old text as long as not one byte of the new one stands', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 50 }), (both, more) => {
        const state = filled(both.old, both.old.length + more)
        if (progressOf(state, both) === 'begun') expect(finished(state, both)).toBe(both.old)
      }),
    )
  })

  test('and lost single blocks in a power cut, or was being taken back, is finished to the new text', () => {
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.boolean()), (both, choices) => {
        const length = Math.max(both.old.length, both.new.length)
        const [before, after] = [filled(both.old, length), filled(both.new, length)]
        const mix = before.map((byte, at) => (choices.next().value === true ? (after[at] ?? 0) : byte))
        const progress = progressOf(mix, both)
        expect(progress).not.toBe('foreign')
        if (progress === 'half') expect(finished(mix, both)).toBe(both.new)
      }),
    )
  })
})

describe('what somebody else wrote', () => {
  test('one byte that is neither text is foreign, and nothing is to be done; what stands behind stays behind', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }), (both, where, extra) => {
        const length = Math.max(both.old.length, both.new.length)
        const longer = Buffer.concat([filled(both.new, length), extra])
        const whole = finished(filled(both.new, length), both)
        expect(progressOf(longer, both)).toBe('foreign')
        expect(finished(longer, both)).toEqual(whole === null ? null : Buffer.concat([whole, extra]))
        expect(isMuddled(longer, both)).toBe(false)
        if (length === 0) return
        const at = where % length
        const edited = Uint8Array.from(filled(both.new, length))
        const taken = [filled(both.old, length)[at], edited[at]]
        edited[at] = [1, 2, 3].find((byte) => !taken.includes(byte)) ?? 0
        expect([progressOf(edited, both), finished(edited, both), isMuddled(edited, both)]).toEqual(['foreign', null, true])
      }),
    )
  })

  test.each([
    ['the old text', 'A=1\nURL=old\n', null],
    ['the new text', 'A=1\nURL=newer\n', null],
    ['the old text with room behind it', 'A=1\nURL=old\n\n', 'A=1\nURL=old\n'],
    ['the beginning of the new text', 'A=1\nURL=ned\n\n\n', 'A=1\nURL=newer\n'],
    ['an edit of another key', 'A=2\nURL=old\n', null],
    ['a line more', 'A=1\nURL=old\nB=2\n', null],
    ['nothing', '', null],
  ])('%s', (_, found, end) => {
    const both = { old: bytes('A=1\nURL=old\n'), new: bytes('A=1\nURL=newer\n') }
    expect(Buffer.from(finished(bytes(found), both) ?? []).toString()).toBe(end ?? '')
  })
})
