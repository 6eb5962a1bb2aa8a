import { describe, expect, test } from 'vitest'
import { EXITS } from '../../src/cli/exits.ts'
import { setAside, understand } from '../../src/cli/grammar.ts'
import { helpText, usageLine } from '../../src/cli/help.ts'
import { OPTIONS, type OptionInfo, optionsOf } from '../../src/cli/options.ts'
import { VERBS, verbInfo } from '../../src/cli/verbs.ts'
import { AttachError } from '../../src/domain/errors.ts'

const NAMES = VERBS.map((verb) => verb.name)
const ROWS: readonly OptionInfo[] = OPTIONS
const texts = [null, ...NAMES].map((verb) => [verb ?? 'attach, all of it', helpText(verb, { columns: 80 })] as const)

/** The text as one line, for what may stand across a line's end. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')

const offered = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}(?:-[A-Za-z], | {4})--([a-z-]+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]))

describe.each(texts)('the help of %s', (_, text) => {
  test('has no line over 80 columns, and none that ends in a space', () => {
    for (const line of text.split('\n')) {
      expect(line.length, line).toBeLessThanOrEqual(80)
      expect(line).toBe(line.trimEnd())
    }
  })

  test('names no verb and no option that is not there', () => {
    expect(text).not.toMatch(/--(for|format|out)\b/)
    expect(text).not.toMatch(/\b(wait for it|attach (export|graph|doctor|completion))\b/)
    const there = new Set<string>(OPTIONS.map((option) => option.name))
    for (const [, name] of text.matchAll(/--([a-z-]+)/g)) expect(there).toContain(name)
  })

  test('ends in one line end and holds no control character', () => {
    expect(text).toMatch(/[^\n]\n$/)
    expect(text).not.toMatch(/[^\P{Cc}\n]/u)
  })
})

describe.each(NAMES)('the help of %s', (verb) => {
  const text = helpText(verb, { columns: 80 })

  test('offers exactly the options that the verb takes, each with its text and its default', () => {
    expect([...offered(text)].sort()).toEqual(
      optionsOf(verb)
        .map((option) => option.name)
        .sort(),
    )
    for (const option of optionsOf(verb)) {
      expect(flat(text)).toContain(flat(option.help))
      if (option.default !== undefined) expect(flat(text)).toContain(`(default: ${option.default})`)
      if (option.value !== undefined) expect(text).toContain(`--${option.name} ${option.value}`)
    }
  })

  test('shows examples that are understood as this verb', () => {
    expect(verbInfo(verb).examples.length).toBeGreaterThan(0)
    for (const [line] of verbInfo(verb).examples) {
      expect(text).toContain(`\n  ${line}\n`)
      const [binary, ...argv] = line.replace(/ < secret$/, '').split(' ')
      if (binary !== 'attach' && binary !== 'detach') expect.fail(`${line} begins with neither binary`)
      expect(understand(setAside(argv), { binary, keys: () => new Set(), usualKey: () => null }).verb).toBe(verb)
    }
  })

  test('takes the options it offers, and refuses every other', () => {
    const taken = new Set(optionsOf(verb).map((option) => option.name))
    const refused = ROWS.filter((option) => {
      const given = option.value === undefined ? `--${option.name}` : `--${option.name}=1`
      try {
        understand(setAside(verb === 'attach' ? ['attach', 'A=x', given] : [verb, given]), {
          binary: 'attach',
          keys: () => new Set(),
          usualKey: () => null,
        })
        return false
      } catch (error) {
        if (!(error instanceof AttachError)) throw error
        return error.message.startsWith(`${verb} does not take --${option.name};`)
      }
    })
    expect(refused.map((option) => option.name)).toEqual(ROWS.filter((option) => !taken.has(option.name)).map((option) => option.name))
  })

  test('has its usage on one line', () => {
    expect(usageLine(verb)).toMatch(/^usage: attach [^\n]{1,70}$/)
  })
})

test('the help of all names every verb, what it does, and every exit', () => {
  const text = helpText(null, { columns: 80 })
  for (const verb of VERBS) expect(flat(text)).toContain(`${verb.name}${'alias' in verb ? `, ${verb.alias}` : ''} ${verb.summary}`)
  for (const { exit, means } of EXITS) expect(flat(text)).toContain(`${exit} ${means}`)
})

test('the bounds are named: 3s, 5s, 10s where something is probed, 10s and 60s where something is locked', () => {
  for (const verb of ['attach', 'swap', 'rollback', 'undo', 'probe', 'status'] as const) {
    const bounds = 'Bounds: 3s to resolve and connect, 5s for one statement, 10s for one probe in all.'
    expect(flat(helpText(verb, { columns: 80 }))).toContain(bounds)
  }
  for (const verb of ['attach', 'swap', 'detach', 'rollback', 'undo', 'recover'] as const) {
    expect(flat(helpText(verb, { columns: 80 }))).toContain('(default: 10s on a terminal, 60s elsewhere)')
  }
})

test('a narrow and a wide terminal get their own lines, within 40 and 100 columns', () => {
  expect(helpText('swap', { columns: 1 })).toBe(helpText('swap', { columns: 40 }))
  expect(helpText('swap', { columns: 500 })).toBe(helpText('swap', { columns: 100 }))
  expect(
    Math.max(
      ...helpText('swap', { columns: 100 })
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeGreaterThan(80)
  for (const line of helpText('swap', { columns: 60 }).split('\n'))
    if (!line.startsWith('  attach ')) expect(line.length, line).toBeLessThanOrEqual(60)
})

test('no two options share a name or a letter', () => {
  const letters = ROWS.flatMap((option) => option.short ?? [])
  expect(new Set(letters).size).toBe(letters.length)
  expect(new Set(ROWS.map((option) => option.name)).size).toBe(ROWS.length)
})
