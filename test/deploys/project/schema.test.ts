import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { GUARDS, KEYS } from '../../../src/deploys/project/keys.ts'
import { projectIn } from '../../../src/deploys/project/read.ts'
import { projectSchema } from '../../../src/deploys/project/schema.ts'
import { READERS } from '../../../src/formats/reader-names.ts'
import { KINDS } from '../../../src/kinds/registry.ts'
import { fits } from '../../support/json-schema.ts'
import { PRODUCTION, WRONG } from './samples.ts'

const PUBLISHED = resolve(import.meta.dirname, '../../../docs/attach-yaml.schema.json')
const AT = { path: '/srv/app/attach.yaml', label: 'attach.yaml' }

/** What is published in docs/, for editors. Draft 7 is what they read. */
const published = (): object => z.toJSONSchema(projectSchema(z), { io: 'input', target: 'draft-7' })

/** `ATTACH_WRITE_SCHEMA=1 npx vitest run test/deploys/project/schema.test.ts && npx biome check --write docs` makes it anew. */
if (process.env['ATTACH_WRITE_SCHEMA'] === '1') writeFileSync(PUBLISHED, JSON.stringify(published()))

const schema = JSON.parse(readFileSync(PUBLISHED, 'utf8'))

/** What a schema cannot say: it knows no disk, no other place of the file, no YAML, and no address. */
const BEYOND =
  /another store|default that is no deploy|as what every object has|with one config|twice|with a NUL|cannot be|program is empty|time of 0 seconds|more than a day$|interval of 0|without a host|with a password|with a user|with a token|tag|called __proto__|name is a number|directive/

describe('the published schema', () => {
  test('is the one that attach.yaml is checked with', () => {
    expect(schema).toEqual(JSON.parse(JSON.stringify(published())))
  })

  test('describes every key', () => {
    const described = JSON.stringify(schema)
    for (const mapping of [...Object.values(KEYS), GUARDS]) {
      for (const { about } of Object.values(mapping)) expect(described).toContain(JSON.stringify(about))
    }
  })

  test.each(WRONG.filter(([title, text]) => !BEYOND.test(title) && isYaml(text)))('refuses what the reader refuses: %s', (_, text) => {
    expect(fits(plain(text), schema)).toBe(false)
  })

  test('what it lets pass and the reader does not is only what it cannot say', () => {
    const passed = WRONG.filter(([, text]) => isYaml(text) && fits(plain(text), schema)).map(([title]) => title)
    expect(passed.filter((title) => !BEYOND.test(title))).toEqual([])
    expect(WRONG.filter(([title, text]) => !BEYOND.test(title) && isYaml(text)).length).toBeGreaterThan(70)
  })

  test.each([
    PRODUCTION,
    `default: production\n${PRODUCTION}    protected: true\n    readers: [${READERS.join(', ')}]\n    on-failure: keep\n`,
    `${PRODUCTION}    hook: reload\n    health: { run: [well], successes: 3, interval: 500ms, timeout: 2m }\n`,
    `${PRODUCTION}    hook: { run: [a, b], timeout: 90 }\n    health: { url: http://127.0.0.1/, status: 204, body: ok }\n`,
    `${PRODUCTION}resources: { A: { expect: { role: replica, fresh: { table: a.b, column: c, within: 15m } }, use: cache, guards: { pg.recovery: info } } }\n`,
    ...KINDS.map(({ name }) => `${PRODUCTION}resources: { my.odd-key: { kind: ${name}, expect: replica } }\n`),
  ])('takes what the reader takes: %j', async (text) => {
    expect((await projectIn(text, AT)).deploys).toHaveLength(1)
    expect(fits(plain(text), schema)).toBe(true)
  })
})

const plain = (text: string): unknown => parse(text, { logLevel: 'error' })

describe('docs/attach-yaml.md', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/attach-yaml.md'), 'utf8')

  test('names every key, every reader and every kind', () => {
    const words = [...Object.values(KEYS).flatMap((keys) => Object.keys(keys)), ...READERS, ...KINDS.map(({ name }) => name)]
    expect(words.filter((word) => !new RegExp(`[\`{ .]${word}[\`:,. }]`).test(page))).toEqual([])
  })

  test('shows an example that is read', async () => {
    const [, example = ''] = /```yaml\n(default:[^`]+)```/.exec(page) ?? []
    const { usual, deploys } = await projectIn(example, AT)
    expect({ usual: usual?.name, names: deploys.map(({ name }) => name) }).toEqual({ usual: 'staging', names: ['production', 'staging'] })
    expect(fits(plain(example), schema)).toBe(true)
  })
})

function isYaml(text: string): boolean {
  try {
    plain(text)
    return true
  } catch {
    return false
  }
}
