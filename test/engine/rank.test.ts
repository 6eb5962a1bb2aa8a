import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mostAdvanced, type Standing, why, whyNot } from '../../src/engine/rank.ts'

const at = (candidate: number, position: string | null, newest: string | null = null, line = 'a'): Standing => ({
  candidate,
  position: position === null ? null : { line, at: position, unit: 'bytes of WAL' },
  newest,
})

/** One that left line `a` at `left`, and stands on a line of its own. */
const promoted = (candidate: number, position: string, left: string, line = 'b', from = 'a'): Standing => ({
  candidate,
  position: { line, at: position, unit: 'bytes of WAL', before: { line: from, at: left } },
  newest: null,
})

const NOON = '2026-01-01T12:00:00.000Z'
const LATER = '2026-01-01T12:05:00.000Z'

describe('who is the most advanced', () => {
  test.each<[string, readonly Standing[], number]>([
    ['the greatest position', [at(1, '9'), at(2, '10'), at(3, '8')], 2],
    ['a number longer than ours are', [at(1, '18446744073709551614'), at(2, '18446744073709551615')], 2],
    ['the position before the newest row', [at(1, '10', NOON), at(2, '9', LATER)], 1],
    ['the newest row where positions are the same', [at(1, '9', NOON), at(2, '9', LATER)], 2],
    ['the newest row where they are of two lines', [at(1, '9', NOON, 'a'), at(2, '1', LATER, 'b')], 2],
    ['the newest row where no position was told', [at(1, null, NOON), at(2, null, LATER)], 2],
    ['one that tells of its newest row before one that does not', [at(1, '9'), at(2, '9', NOON)], 2],
    ['one that tells its position before one that does not, where nothing else tells', [at(1, null, NOON), at(2, '9', NOON)], 2],
    ['who was named first where all else is the same', [at(2, '9', NOON), at(1, '9', NOON)], 1],
    ['who was named first where nothing was told', [at(1, null), at(2, null)], 1],
    [
      'nobody behind another of its line, however new its row is',
      [at(1, '1', LATER, 'a'), at(2, '2', null, 'a'), at(3, '1', NOON, 'b')],
      3,
    ],
    ['who stands on a line further than another left it', [promoted(1, '1464', '1464'), at(2, '2915')], 2],
    ['who stands there, however much the other wrote since', [promoted(1, '9999', '1464'), at(2, '1465')], 2],
    ['who left a line where another stands, or later', [at(1, '1464'), promoted(2, '1500', '1464')], 2],
    ['who left it later, of two that left it', [promoted(1, '1464', '1464', 'b'), promoted(2, '2915', '2915', 'c')], 2],
    ['who was named first, of two that left it at once', [promoted(1, '6', '5', 'b'), promoted(2, '9', '5', 'c')], 1],
    ['who wrote since, of two that left it at once', [promoted(1, '5', '5', 'b'), promoted(2, '9', '5', 'c')], 2],
    ['who was named first, where a line was left that nobody knows', [promoted(1, '5', '5', 'b', 'x'), at(2, '9')], 1],
    ['who was named first, of liars that left each other', [promoted(1, '5', '1', 'b', 'a'), promoted(2, '5', '1', 'a', 'b')], 1],
  ])('%s', (_, standings, candidate) => {
    expect(mostAdvanced(standings)?.candidate).toBe(candidate)
  })

  test('nobody is where nobody stands', () => {
    expect(mostAdvanced([])).toBeNull()
  })

  test('of a tree of lines it is never behind what has all of it and more', () => {
    // Each promoted one left the line of the first primary; those that follow it stand on its line.
    const standing = fc.record({ on: fc.constantFrom('a', 'b', 'c'), more: fc.bigInt({ min: 0n, max: 5n }) })
    const forks = fc.record({ b: fc.bigInt({ min: 0n, max: 5n }), c: fc.bigInt({ min: 0n, max: 5n }) })
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 6 }), forks, (made, left) => {
        const all = made.map(({ on, more }, place) =>
          on === 'a' ? at(place + 1, `${more}`) : promoted(place + 1, `${left[on as 'b' | 'c'] + more}`, `${left[on as 'b' | 'c']}`, on),
        )
        /** How much of each line one has: of its own what it wrote since it left the first. */
        const has = ({ position }: Standing, line: string): bigint => {
          const start = BigInt(position?.before?.at ?? 0)
          return position?.line === line ? BigInt(position.at) - start : line === 'a' ? start : 0n
        }
        const isWhollyAhead = (a: Standing, b: Standing): boolean =>
          ['a', 'b', 'c'].every((line) => has(a, line) >= has(b, line)) && ['a', 'b', 'c'].some((line) => has(a, line) > has(b, line))
        const chosen = mostAdvanced(all)
        if (chosen === null) return expect.fail('nobody was chosen')
        for (const one of all) expect(isWhollyAhead(one, chosen)).toBe(false)
        for (const one of all) if (has(one, 'a') > has(chosen, 'a')) expect(whyNot(one, chosen, all)).not.toMatch(/^behind by/)
        expect(mostAdvanced([...all].reverse())).toBe(chosen)
      }),
    )
  })

  test('it is never behind, nor older than one that could have been taken as well', () => {
    const standing = fc.tuple(
      fc.option(fc.bigInt({ min: 0n, max: 5n })),
      fc.option(fc.constantFrom(NOON, LATER)),
      fc.constantFrom('a', 'b'),
    )
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 6 }), (made) => {
        const all = made.map(([position, newest, line], place) => at(place + 1, position === null ? null : `${position}`, newest, line))
        const chosen = mostAdvanced(all)
        if (chosen === null) return expect.fail('nobody was chosen')
        const isAhead = (a: Standing, b: Standing): boolean =>
          a.position !== null && a.position.line === b.position?.line && BigInt(a.position.at) > BigInt(b.position.at)
        for (const one of all) expect(isAhead(one, chosen)).toBe(false)
        const leaders = all.filter((one) => !all.some((other) => isAhead(other, one)))
        for (const one of leaders) expect((chosen.newest ?? '') >= (one.newest ?? '')).toBe(true)
        const asNew = leaders.filter(({ newest }) => newest === chosen.newest)
        expect(asNew.find(({ position }) => position !== null) ?? asNew[0]).toBe(chosen)
        expect(mostAdvanced([...all].reverse())).toBe(chosen)
      }),
    )
  })
})

describe('why another was taken', () => {
  test.each<[string, Standing, Standing]>([
    ['behind by 1,234 bytes of WAL', at(1, '5'), at(2, '1239')],
    ['its newest row is 5 min older', at(1, '5', NOON), at(2, '5', LATER)],
    ['does not tell of its newest row, and candidate 2 does', at(1, '5'), at(2, '5', LATER)],
    ['as far as candidate 1, which was named first', at(2, '5'), at(1, '5')],
    ['behind by 1,451 bytes of WAL', promoted(1, '1464', '1464'), at(2, '2915')],
    ['as far as candidate 1, which was named first', promoted(2, '5', '5'), at(1, '5')],
    ['not to be ranked against candidate 1, which was named first', at(2, '5', null, 'a'), at(1, '5', null, 'b')],
  ])('%s', (text, one, chosen) => {
    expect(whyNot(one, chosen, [one, chosen])).toBe(text)
  })

  test('who is behind a third one is told so', () => {
    const [one, third, chosen] = [at(1, '1', LATER, 'a'), at(2, '2', null, 'a'), at(3, '1', NOON, 'b')]
    expect(whyNot(one, chosen, [one, third, chosen])).toBe('behind candidate 2 by 1 bytes of WAL')
  })

  test.each<[string, Standing, readonly Standing[]]>([
    ['the only fit one', at(1, '5'), []],
    ['the most advanced', at(1, '5'), [at(2, '4'), at(3, '3')]],
    ['has the newest row', at(1, '5', LATER), [at(2, '5', NOON), at(3, '3')]],
    ['stands first among those that are as fit', at(1, '5'), [at(2, '5')]],
  ])('%s', (text, chosen, others) => {
    expect(why({ ...chosen }, [chosen, ...others])).toBe(text)
  })
})
