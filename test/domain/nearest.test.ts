import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OPTIONS } from '../../src/cli/options.ts'
import { verbNames, verbOfPeer } from '../../src/cli/verbs.ts'
import { nearest } from '../../src/domain/nearest.ts'

const OPTION_NAMES = OPTIONS.map((option) => option.name)

test.each([
  ['statsu', 'status'],
  ['stat', 'status'],
  ['STATUS', 'status'],
  ['sawp', 'swap'],
  ['detatch', 'detach'],
  ['rolback', 'rollback'],
  ['roll', 'rollback'],
  ['recvoer', 'recover'],
  ['lgo', 'log'],
  ['lst', 'ls'],
])('"%s" was meant as the verb "%s"', (word, verb) => {
  expect(nearest(word, verbNames())).toBe(verb)
})

test.each([
  ['pasword', 'password'],
  ['dryrun', 'dry-run'],
  ['dry-rnu', 'dry-run'],
  ['depoly', 'deploy'],
  ['no-colour', 'no-color'],
  ['lock', 'lock-timeout'],
  ['dir', 'directory'],
])('"--%s" was meant as "--%s"', (word, option) => {
  expect(nearest(word, OPTION_NAMES)).toBe(option)
})

test.each(['export', 'graph', 'doctor', 'completion', 'hook', 'health', 'x', ''])('the word "%s" is near no verb', (word) => {
  expect(nearest(word, verbNames()) ?? verbOfPeer(word)).toBeNull()
})

test.each(['for', 'format', 'out'])('the option "--%s" is near none', (word) => {
  expect(nearest(word, OPTION_NAMES)).toBeNull()
})

test('a single letter is not near another', () => {
  expect(nearest('b', ['A'])).toBeNull()
})

test('of two that are as near the first wins, and a nearer one wins over both', () => {
  expect(nearest('cart', ['card', 'care'])).toBe('card')
  expect(nearest('cart', ['card', 'care', 'CART'])).toBe('CART')
})

test('a word over 64 letters is near nothing, and a candidate over 64 is not near', () => {
  expect(nearest('a'.repeat(65), ['a'.repeat(64)])).toBeNull()
  expect(nearest('b'.repeat(64), [`${'b'.repeat(63)}cc`])).toBeNull()
})

test('the answer is a candidate or null, and a candidate is nearest to itself', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 80 }),
      fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1 }),
      (word, candidates) => {
        const near = nearest(word, candidates)
        if (near !== null) expect(candidates).toContain(near)
        const [first] = candidates
        if (first !== undefined) expect(nearest(first, candidates)?.toLowerCase()).toBe(first.toLowerCase())
      },
    ),
  )
})

test('two neighbours that changed places are one slip, as is a letter too many, too few or another', () => {
  const word = fc.stringMatching(/^[a-z]{3,10}$/)
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('swap', 'leave', 'add', 'change'), (name, place, slip) => {
      const at = place % (name.length - 1)
      const [head, one, two, tail] = [name.slice(0, at), name[at] ?? '', name[at + 1] ?? '', name.slice(at + 2)]
      const slipped = { swap: two + one, leave: two, add: `${one}0${two}`, change: `0${two}` }[slip]
      expect(nearest(head + slipped + tail, [name])).toBe(name)
    }),
  )
})
