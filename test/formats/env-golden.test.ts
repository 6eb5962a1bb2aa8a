import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { edit, entriesOf, shown } from './env.ts'

const ROOT = join(import.meta.dirname, '../../fixtures/env')
const Golden = z.strictObject({
  changes: z.record(z.string(), z.string().nullable()),
  following: z.array(z.string()).default([]),
  notes: z.array(z.string()).default([]),
  restoring: z.boolean().default(false),
})
const cases = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

describe('golden files: before.env and change.json give after.env, byte for byte', () => {
  test('there are at least thirty', () => {
    expect(cases.length).toBeGreaterThanOrEqual(30)
  })

  test.each(cases)('%s', (name) => {
    const before = readFileSync(join(ROOT, name, 'before.env'))
    const after = readFileSync(join(ROOT, name, 'after.env'))
    const { changes, following, notes, restoring } = Golden.parse(JSON.parse(readFileSync(join(ROOT, name, 'change.json'), 'utf8')))

    const found = edit(before, changes, { restoring })

    expect(shown(found.bytes)).toBe(shown(after))
    expect(found.following).toEqual(following)
    expect(found.notes.map(({ code }) => code)).toEqual(notes)
    const entries = entriesOf(found.bytes)
    for (const [key, value] of Object.entries(changes)) expect(entries.get(key) ?? null).toBe(value)
    expect(edit(found.bytes, changes, { restoring }).bytes).toBe(found.bytes)
  })
})
