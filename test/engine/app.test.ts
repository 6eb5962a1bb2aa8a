import { expect, test } from 'vitest'
import { mayBe } from './app.ts'
import { type Fact, type Hook, INITIAL, KEY, type Texts } from './facts.ts'

const on = (text: string): Texts => new Map([...INITIAL, [KEY, text]])
const hook = (text: string, says: Hook['says'], orphans: Hook['orphans'] = 'ends'): Fact => ({
  did: 'hook',
  by: 'A',
  of: 1,
  stands: 'new',
  release: 1,
  read: on(text),
  head: { by: 'A', release: 0 },
  orphans,
  says,
})
const write = (before: string, after: string): Fact => ({ did: 'write', by: 'A', was: on(before), before: on(before), after: on(after) })
const may = (...facts: readonly Fact[]): readonly unknown[] =>
  [...new Set([...mayBe(facts).runOn].map(({ values }) => values.get(KEY)))].sort()

test('an app runs on what it loaded last, whatever the config holds since', () => {
  expect(may()).toEqual(['x'])
  expect(may(write('x', 'y'))).toEqual(['x'])
  expect(may(write('x', 'y'), hook('y', 'yes'), write('y', 'x'))).toEqual(['y'])
})

test('a hook that failed or was stopped may have made the app load, or not', () => {
  expect(may(write('x', 'y'), hook('y', 'no'))).toEqual(['x', 'y'])
  expect(may(write('x', 'y'), hook('y', 'no'), write('y', 'x'), hook('x', 'no'))).toEqual(['x', 'y'])
})

test('the hook of a dead process may load what it read, or what stands, until another hook begins', () => {
  const orphan = [write('x', 'y'), hook('y', 'nothing'), write('y', 'z')] as const
  expect(may(...orphan)).toEqual(['x', 'y', 'z'])
  expect(may(...orphan, hook('z', 'yes'))).toEqual(['z'])
  expect(may(...orphan, hook('z', 'no'), write('z', 'w'))).toEqual(['w', 'x', 'y', 'z'])
  expect(may(...orphan, { did: 'clear', by: 'B' }, write('z', 'w'))).toEqual(['x', 'y', 'z'])
  expect(may(...orphan, hook('z', 'yes', 'leaves'))).toEqual(['y', 'z'])
  expect(may(...orphan, hook('z', 'nothing'), hook('z', 'yes'))).toEqual(['z'])
})
