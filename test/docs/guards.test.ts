import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKS } from '../../src/deploys/checks.ts'
import { projectIn } from '../../src/deploys/project/read.ts'
import { SEVERITIES } from '../../src/domain/finding.ts'

const PAGE = resolve(import.meta.dirname, '../../docs/guards.md')
const BETWEEN = /(<!-- checks: [^\n]*-->\n).*?(<!-- \/checks -->)/s

const table = (): string =>
  [
    '| id | severity | cost | what it compares, and why |',
    '|---|---|---|---|',
    ...CHECKS.map(({ id, severity, cost, about }) => `| \`${id}\` | ${severity} | ${cost} | ${about.replaceAll('|', '\\|')} |`),
  ].join('\n')

/** The page as it should be. */
const made = (page: string): string => page.replace(BETWEEN, (_, begin: string, end: string) => `${begin}\n${table()}\n\n${end}`)

if (process.env['ATTACH_WRITE_DOCS'] === '1') writeFileSync(PAGE, made(readFileSync(PAGE, 'utf8')))

const page = readFileSync(PAGE, 'utf8')

describe('docs/guards.md', () => {
  test('lists every check as the source has it (ATTACH_WRITE_DOCS=1 makes the table anew)', () => {
    expect(page).toMatch(BETWEEN)
    expect(page).toBe(made(page))
  })

  test('shows an attach.yaml that is read', async () => {
    const [, example = ''] = /```yaml\n(resources:[^`]+)```/.exec(page) ?? []
    const project = await projectIn(`deploys: { a: { config: .env } }\n${example}`, { path: '/srv/app/attach.yaml', label: 'attach.yaml' })
    expect(project.deploys[0]?.declared.resources.get('DATABASE_URL')).toMatchObject({ fresh: { withinMs: 900_000 } })
  })
})

describe('a check', () => {
  test('has an id of its own', () => {
    const ids = CHECKS.map(({ id }) => id)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  test.each(CHECKS)('$id has an id that can be typed, and says in sentences what it is about', ({ id, severity, about }) => {
    expect(id).toMatch(/^[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+$/)
    expect(SEVERITIES).toContain(severity)
    expect(about).toMatch(/^[A-Z][^\n]+\.$/)
  })
})
