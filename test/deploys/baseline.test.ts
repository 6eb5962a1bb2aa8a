import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type BaselineFile, baselineFile, expectWritable, readBaseline, writeBaseline } from '../../src/deploys/baseline.ts'
import type { Key } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import type { Survey } from '../../src/domain/survey.ts'
import { processHost } from '../../src/host/process-host.ts'
import { contentSchema } from '../../src/kinds/postgres/guards/content/survey.ts'
import { guards } from '../../src/kinds/postgres/guards/guards.ts'
import { serverSchema } from '../../src/kinds/postgres/guards/server/survey.ts'
import { type Scratch, scratch } from '../support/scratch.ts'

const host = processHost()
let place: Scratch
let file: BaselineFile
beforeEach(() => {
  place = scratch()
  file = { path: place.at('b.json'), label: 'b.json' }
})
afterEach(() => place[Symbol.dispose]())

/** Facts of a server that tells nothing: the least that a baseline of this version holds. */
const facts = async (): Promise<unknown> => {
  const { z } = await import('zod')
  const least = (schema: z.ZodType): unknown => leastOf(JSON.parse(JSON.stringify(z.toJSONSchema(schema))))
  return { server: least(serverSchema(z)), content: least(contentSchema(z)) }
}

interface Form {
  readonly type?: unknown
  readonly anyOf?: readonly Form[]
  readonly properties?: Readonly<Record<string, Form>>
  readonly required?: readonly string[]
}

function leastOf({ type, anyOf, properties = {}, required = [] }: Form): unknown {
  if (anyOf !== undefined) return leastOf(anyOf.find((form) => form.properties?.['unknown'] !== undefined) ?? anyOf[0] ?? {})
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, leastOf(properties[name] ?? {})]))
  return type === 'array' ? [] : type === 'string' ? 'not asked' : type === 'boolean' ? false : type === 'null' ? null : 0
}

const surveyed = async (): Promise<Survey> => ({
  kind: 'postgres',
  takenAt: '2026-03-01T12:00:00.000Z',
  resource: { is: '5 1' },
  roundTripMs: { is: 0.4 },
  position: { is: { line: 'a cluster', at: '12345678901234567890', unit: 'bytes of WAL', before: { line: 'another', at: '7' } } },
  newest: { unknown: 'not asked' },
  facts: await facts(),
})
const baseline = async () => ({ key: 'DATABASE_URL' as Key, target: 'postgres://app@db1:5432/app', survey: await surveyed() })

async function refusal(
  act: () => unknown,
): Promise<{ readonly code: string; readonly message: string; readonly hint: string | undefined }> {
  try {
    await act()
  } catch (error) {
    if (isAttachError(error)) return { code: error.code, message: error.message, hint: error.hint }
    throw error
  }
  return expect.fail('it was not refused')
}

const text = (): string => readFileSync(file.path, 'utf8')
const write = (what: string | Uint8Array): void => writeFileSync(file.path, what)

describe('a baseline', () => {
  test('is read as it was written, whole, by its owner alone, and leaves nothing beside it', async () => {
    const kept = await baseline()
    writeBaseline(file, kept, host)
    expect(await readBaseline(file)).toEqual(kept)
    expect(statSync(file.path).mode & 0o7777).toBe(0o600)
    expect(readdirSync(place.path)).toEqual(['b.json'])
    expect(JSON.parse(text())).toMatchObject({ schema: 'attach-baseline/1', key: 'DATABASE_URL', kind: 'postgres', target: kept.target })
    expect(await guards.decode(kept.survey.facts)).toEqual(kept.survey.facts)
  })

  test('takes the place of another baseline, also of a newer one and of one with looser rights', async () => {
    const kept = await baseline()
    for (const before of [`{"schema":"attach-baseline/1","key":1}`, `{"schema":"attach-baseline/7"}`]) {
      write(before)
      chmodSync(file.path, 0o644)
      writeBaseline(file, kept, host)
      expect(await readBaseline(file)).toEqual(kept)
      expect(statSync(file.path).mode & 0o7777).toBe(0o600)
    }
  })

  test.each([
    ['a text', () => write('DATABASE_URL=x\n'), /no baseline, and is not replaced/],
    ['an empty file', () => write(''), /no baseline/],
    ['other JSON', () => write('{"schema":"attach/1"}'), /no baseline/],
    ['a baseline that was cut off', () => write('{"schema":"attach-baseline/1","key"'), /no baseline/],
    ['a directory', () => mkdirSync(file.path), /not a regular file/],
    ['a pipe', () => execFileSync('mkfifo', [file.path]), /not a regular file/],
    ['a link to a baseline', () => aside('{"schema":"attach-baseline/1"}'), /symbolic link stands there/],
    ['a link to nothing', () => symlinkSync('nothing', file.path), /symbolic link stands there/],
  ])('never takes the place of %s', async (_, stand, message) => {
    stand()
    const before = lstatSync(file.path)
    for (const act of [() => expectWritable(file), async () => writeBaseline(file, await baseline(), host)]) {
      expect(await refusal(act)).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
    }
    expect(lstatSync(file.path)).toMatchObject({ ino: before.ino, mode: before.mode, size: before.size })
    expect(readdirSync(place.path).filter((name) => /tmp/.test(name))).toEqual([])
  })

  test('that has another name as well is replaced under its own alone', async () => {
    write('{"schema":"attach-baseline/1"}')
    linkSync(file.path, place.at('other'))
    writeBaseline(file, await baseline(), host)
    expect(place.read('other')).toBe('{"schema":"attach-baseline/1"}')
  })

  test('is not made where its folder is not', async () => {
    const lost = { path: place.at('no', 'b.json'), label: 'no/b.json' }
    expect(await refusal(() => expectWritable(lost))).toMatchObject({ code: 'USAGE', hint: 'mkdir it first' })
  })

  test('that cannot be written is a trouble of the disk, and says that nothing was changed', async () => {
    mkdirSync(place.at('proc'))
    const there = { path: '/proc/b.json', label: '/proc/b.json' }
    expect(await refusal(async () => writeBaseline(there, await baseline(), host))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/could not be written: E\w+; nothing was changed$/),
    })
  })

  function aside(content: string): void {
    writeFileSync(place.at('aside'), content)
    symlinkSync('aside', file.path)
  }
})

describe('a file that is no fit baseline is refused before anything is contacted', () => {
  const changed = async (change: (data: Record<string, unknown>) => void): Promise<void> => {
    rmSync(file.path, { force: true })
    writeBaseline(file, await baseline(), host)
    const data: Record<string, unknown> = JSON.parse(text())
    change(data)
    write(JSON.stringify(data))
  }
  const survey = (data: Record<string, unknown>): Record<string, unknown> => Object(data['survey'])

  test.each([
    ['that is not there', () => {}, /there is no such file/],
    ['that is a directory', () => mkdirSync(file.path), /not a regular file/],
    ['that is a pipe', () => execFileSync('mkfifo', [file.path]), /not a regular file/],
    ['that is empty', () => write(''), /expected a baseline of attach, whole, and found something else/],
    ['that is no JSON', () => write('{'), /found something else/],
    ['that is no UTF-8', () => write(Buffer.from([0x7b, 0xff, 0x7d])), /found something else/],
    ['that is other JSON', () => write('[1]'), /found something else/],
    ['of over 16 MiB', () => write(Buffer.alloc(16 * 1024 * 1024 + 1, 0x20)), /more than 16 MiB/],
    ['of a newer attach', () => write('{"schema":"attach-baseline/2"}'), /expected attach-baseline\/1, found attach-baseline\/2/],
    ['with nothing else', () => write('{"schema":"attach-baseline/1"}'), /key is not what/],
    ['with a field more', () => changed((data) => Object.assign(data, { more: 1 })), /what it holds is not what/],
    [
      'of an unknown kind',
      () => changed((data) => Object.assign(survey(Object.assign(data, { kind: 'abc' })), { kind: 'abc' })),
      /cannot compare/,
    ],
    [
      'of an opaque value',
      () => changed((data) => Object.assign(survey(Object.assign(data, { kind: 'opaque' })), { kind: 'opaque' })),
      /cannot compare/,
    ],
    ['of two kinds', () => changed((data) => Object.assign(data, { kind: 'redis' })), /another kind or time/],
    ['of two times', () => changed((data) => Object.assign(data, { takenAt: '2026-03-02T00:00:00Z' })), /another kind or time/],
    ['without a time', () => changed((data) => Object.assign(data, { takenAt: 'yesterday' })), /takenAt is not what/],
    [
      'with facts of something else',
      () => changed((data) => Object.assign(survey(data), { facts: { server: 5 } })),
      /is not what a baseline holds there/,
    ],
    [
      'with a position that is none',
      () => changed((data) => Object.assign(survey(data), { position: { is: { line: 'a', at: '-1', unit: 'b' } } })),
      /survey\.position/,
    ],
    [
      'with a line that was left nowhere',
      () => changed((data) => Object.assign(survey(data), { position: { is: { line: 'a', at: '1', unit: 'b', before: { line: 'c' } } } })),
      /survey\.position/,
    ],
    ['with what was neither told nor not', () => changed((data) => Object.assign(survey(data), { resource: {} })), /survey\.resource/],
  ])('%s', async (_, stand, message) => {
    await stand()
    const { code, message: said, hint } = await refusal(() => readBaseline(file))
    expect(code).toBe('USAGE')
    expect(said).toMatch(message)
    expect(said).toMatch(/^the baseline b\.json: .*; nothing was contacted$/)
    expect(hint).toMatch(/^attach /)
  })

  test('nothing of what a file holds is said', async () => {
    const canary = 'kanarienvogel'
    const forms = [`{"${canary}":1}`, `{"schema":"attach-baseline/1","${canary}":"${canary}"}`, `{"schema":"${canary}"}`]
    for (const form of forms) {
      write(form)
      const { message, hint } = await refusal(() => readBaseline(file))
      expect(`${message}${hint}`).not.toContain(canary)
    }
    await changed((data) => Object.assign(survey(data), { facts: { [canary]: canary, server: { [canary]: canary } } }))
    expect((await refusal(() => readBaseline(file))).message).not.toContain(canary)
  })

  test('a handle in the place of the path is not said', () => {
    expect(baselineFile('postgres://app:kanarienvogel@h/d', host).label).toBe('FILE')
    expect(baselineFile('keep/db.baseline', { cwd: '/srv' }, 'app')).toEqual({
      path: '/srv/app/keep/db.baseline',
      label: 'app/keep/db.baseline',
    })
  })
})
