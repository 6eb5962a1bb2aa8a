import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { about as opaque } from '../../src/kinds/opaque-about.ts'
import { KINDS, type KindRow } from '../../src/kinds/registry.ts'
import { abouts } from '../../src/kinds/web-api/about.ts'
import type { KindAbout } from '../../src/ports/kind.ts'

const PAGE = resolve(import.meta.dirname, '../../docs/kinds.md')
const [BEGIN, END] = ['<!-- kinds: made by test/docs/kinds.test.ts -->', '<!-- /kinds -->']

async function aboutOf({ name }: KindRow): Promise<KindAbout> {
  if (name === 'opaque') return opaque
  const ofApi = abouts[name]
  if (ofApi !== undefined) return ofApi
  const { about } = (await import(`../../src/kinds/${name}/about.ts`)) as { readonly about: KindAbout }
  return about
}

const listOf = (title: string, all: readonly string[]): string =>
  all.length === 0 ? '' : `${title}\n\n${all.map((one) => `- ${one}`).join('\n')}\n\n`
const tableOf = (heads: readonly [string, string], rows: readonly (readonly [string, string])[]): string =>
  rows.length === 0
    ? ''
    : `| ${heads.join(' | ')} |\n|---|---|\n${rows.map(([code, means]) => `| \`${code.replaceAll('|', '\\|')}\` | ${means} |`).join('\n')}\n\n`

/** One section: what is read, what is asked, and what is not. */
async function sectionOf(row: KindRow): Promise<string> {
  const { product, forms, tls, probed, notProbed, notRunHere } = await aboutOf(row)
  const sets = (row.variables ?? []).map(({ parts, needs, told, shared = [] }) => {
    const names = Object.entries(parts).map(
      ([part, all]) => `${part} ${all.map((name) => `\`${name}\``).join(', ')}${needs.includes(part) ? ' (needed)' : ''}`,
    )
    const when = told === undefined ? '' : `, where \`${told.by}\` is one of them`
    const others = shared.length === 0 ? '' : `; ${shared.map((name) => `\`${name}\``).join(', ')} alone tell nothing`
    return `${names.join('; ')}${when}${others}`
  })
  const checks = [...new Set(row.checks.map(({ id }) => id))]
  return [
    `## ${row.name}\n\n${product[0]?.toUpperCase()}${product.slice(1)}. Usual key: \`${row.usualKey}\`.\n\n`,
    tableOf(['handle', 'means'], forms),
    listOf('Variables that make one handle:', sets),
    tableOf(['TLS', 'means'], tls),
    listOf('A probe asks:', probed),
    listOf('It does not tell:', notProbed),
    listOf('Not run in the tests:', notRunHere),
    checks.length === 0 ? '' : `A swap compares: ${checks.map((id) => `\`${id}\``).join(', ')} ([guards](guards.md)).\n\n`,
  ].join('')
}

const made = async (): Promise<string> => `${BEGIN}\n\n${(await Promise.all(KINDS.map(sectionOf))).join('')}${END}`

/** `ATTACH_WRITE_DOCS=1 npx vitest run test/docs/kinds.test.ts` makes it anew. */
if (process.env['ATTACH_WRITE_DOCS'] === '1') {
  const page = readFileSync(PAGE, 'utf8')
  writeFileSync(PAGE, `${page.slice(0, page.indexOf(BEGIN))}${await made()}${page.slice(page.indexOf(END) + END.length)}`)
}

describe('docs/kinds.md', () => {
  test('has what each kind says of itself', async () => {
    expect(readFileSync(PAGE, 'utf8')).toContain(await made())
  })

  test.each(KINDS)('what $name says of itself is said in words, and its schemes are among its forms', async (row) => {
    const { product, forms, notProbed } = await aboutOf(row)
    for (const text of [product, ...forms.flat(), ...notProbed]) expect(text).toMatch(/\S/)
    expect(notProbed.length, 'a green probe does not say everything').toBeGreaterThan(0)
    const [scheme] = row.schemes
    if (scheme !== undefined && row.name !== 'tcp' && row.name !== 'http')
      expect(forms.map(([form]) => form).join(' ')).toContain(`${scheme}:`)
  })

  test.each(KINDS.filter(({ variables = [] }) => variables.length > 0))(
    'the variables of $name name each key once, and their needs are parts',
    ({ variables = [] }) => {
      for (const { parts, needs } of variables) {
        const keys = Object.values(parts).flat()
        expect(new Set(keys).size).toBe(keys.length)
        expect(needs.length).toBeGreaterThan(0)
        for (const need of needs) expect(Object.keys(parts)).toContain(need)
        for (const key of keys) expect(new Secret(key).reveal()).toMatch(/^[A-Z][A-Z0-9_]*$/)
      }
    },
  )
})
