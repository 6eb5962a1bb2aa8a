import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { only, orNull, text } from './rows.ts'
import { bothOf, judged, type Sides } from './sides.ts'
import type { ServerFacts } from './survey.ts'
import { short } from './words.ts'

/** How the database writes and sorts text. */
export const localeShape = (z: Zod) => ({
  encoding: toldSchema(z, z.string()),
  locale: toldSchema(
    z,
    z.strictObject({
      /** `c` libc, `i` ICU, `b` PostgreSQL itself. */
      provider: z.string(),
      collate: z.string(),
      ctype: z.string(),
      /** Of ICU, and of PostgreSQL itself. */
      name: z.string().nullable(),
      rules: z.string().nullable(),
    }),
  ),
})

export type Locale = Extract<ServerFacts['locale'], { readonly is: unknown }>['is']

export const askLocale = async (questions: Questions) => ({
  encoding: await questions.ask(
    'SELECT pg_encoding_to_char(encoding)::text AS it FROM pg_database WHERE datname = current_database()',
    only(({ it }) => text(it)),
  ),
  locale: await questions.ask(
    // The providers came with 15; their column has another name since 17.
    `SELECT coalesce(j->>'datlocprovider', 'c') AS provider, j->>'datcollate' AS "collate", j->>'datctype' AS ctype,
      coalesce(j->>'datlocale', j->>'daticulocale') AS name, j->>'daticurules' AS rules
      FROM (SELECT to_jsonb(d) AS j FROM pg_database d WHERE datname = current_database()) d`,
    only(({ provider, collate, ctype, name, rules }) => ({
      provider: text(provider),
      collate: text(collate),
      ctype: text(ctype),
      name: orNull(text)(name),
      rules: orNull(text)(rules),
    })),
  ),
})

export function encoding(sides: Sides): Finding {
  const check = SERVER.encoding
  const both = bothOf(sides, (facts) => facts.encoding)
  return judged(check, both, ({ old, next }) =>
    old === next
      ? passed(check, `both are ${short(next)}`)
      : found(check, `text is kept as ${short(next)} there and as ${short(old)} now: what the app writes may be refused or change`, {
          remedy: `restore into a database that was created WITH (ENCODING ${short(old)}, TEMPLATE template0)`,
        }),
  )
}

export function locale(sides: Sides): Finding {
  const check = SERVER.locale
  const both = bothOf(sides, (facts) => facts.locale)
  return judged(check, both, ({ old, next }) => {
    const remedy = `restore into a database that was created WITH (TEMPLATE template0, ${created(old)})`
    if (sortsBy(old) === sortsBy(next) && classesOf(old) === classesOf(next)) return passed(check, `both are ${shown(next)}`)
    const detail = `${shown(old)} → ${shown(next)}`
    if (isOfAnother(old, next) || classesOf(old) !== classesOf(next))
      return found(check, `${detail}: upper and lower case, and what counts as a letter, may differ, and so may the order`, { remedy })
    return found(check, `${detail}: ORDER BY and ranges of text may differ`, { remedy, severity: 'warn' })
  })
}

/** What decides the order of text: equal for two spellings of one locale. */
export const sortsBy = ({ provider, collate, name, rules }: Locale): string =>
  provider === 'c' ? plain('c', collate) : `${plain(provider, name ?? '')}${rules === null ? '' : ` ${rules}`}`

/** What decides upper and lower case. ICU and PostgreSQL itself ask the locale alone. */
const classesOf = ({ provider, ctype, name }: Locale): string =>
  provider === 'c' ? plain('c', ctype) : provider === 'i' ? 'i' : plain('b', name ?? '')

/** C is the same whoever provides it. */
const isOfAnother = (old: Locale, next: Locale): boolean => old.provider !== next.provider && !(isC(old) && isC(next))

const isC = ({ provider, collate, name }: Locale): boolean => plain(provider, provider === 'c' ? collate : (name ?? '')) === 'C'

/** C and POSIX are one, and the same whoever provides them; `en_US.UTF-8` is `en_US.utf8`, and `en_US` of ICU is `en-US` since 16. */
function plain(provider: string, name: string): string {
  if (name === 'C' || name === 'POSIX') return 'C'
  if (provider === 'i') return `${provider} ${name.replaceAll('_', '-').toLowerCase()}`
  return `${provider} ${provider === 'c' ? name.replace(/\..*$/, (codeset) => codeset.toLowerCase().replaceAll('-', '')) : name}`
}

const PROVIDERS: Readonly<Record<string, string>> = { c: 'libc', i: 'ICU', b: 'builtin' }

function shown({ provider, collate, ctype, name }: Locale): string {
  const by = PROVIDERS[provider] ?? short(provider)
  if (provider !== 'c') return `${by} ${short(name ?? 'und')}`
  return collate === ctype ? `${by} ${short(collate)}` : `${by} ${short(collate)} (case: ${short(ctype)})`
}

function created({ provider, collate, ctype, name }: Locale): string {
  const libc = `LC_COLLATE '${short(collate)}', LC_CTYPE '${short(ctype)}'`
  if (provider === 'i') return `LOCALE_PROVIDER icu, ICU_LOCALE '${short(name ?? 'und')}', ${libc}`
  return provider === 'b' ? `LOCALE_PROVIDER builtin, BUILTIN_LOCALE '${short(name ?? 'C')}', ${libc}` : libc
}
