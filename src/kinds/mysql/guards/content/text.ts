import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, silenceOf } from '../../../comparing.ts'
import { counted, first, untoldOf } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'
import { type Thing, threeBytes } from './things.ts'

/** How text is kept and sorted: by default, and in each column. Pure. */
export const charset = (sides: MySqlSides): Finding => {
  const check = COMPARED.charset
  return both(
    check,
    sides,
    ({ content }) => content.text,
    (old, next) => {
      if (sides.old === null) return unknown(check, silenceOf(sides.comparison))
      const [before, after] = [sides.old.content.things.columns, sides.next.content.things.columns]
      const [was, is] = [old, next].map(({ charset, collation }) => `${threeBytes(charset)} ${threeBytes(collation)}`)
      const columns = 'is' in before && 'is' in after ? changesOf(before.is, after.is) : []
      const byDefault = was === is ? [] : [`by default ${is}, and ${was} on the old one`]
      const differing =
        columns.length === 0
          ? []
          : [`${counted(columns.length, 'column')} ${columns.length === 1 ? 'differs' : 'differ'}: ${first(columns.map(shown))}`]
      if (byDefault.length + differing.length > 0) {
        const isNarrower = [...columns, { was: was ?? '', is: is ?? '' }].some(
          (each) => each.was.startsWith('utf8mb4 ') && !each.is.startsWith('utf8mb4 '),
        )
        return found(check, [...byDefault, ...differing].join('; '), {
          severity: isNarrower ? 'error' : 'warn',
          remedy:
            columns.length > 0
              ? 'ALTER TABLE … CONVERT TO CHARACTER SET … COLLATE …, or restore into a database of that character set'
              : `ALTER DATABASE … CHARACTER SET ${old.charset} COLLATE ${old.collation}`,
        })
      }
      const why = untoldOf(before, after)
      return why === null
        ? passed(check, `${is}, in every column as before`)
        : unknown(check, `by default ${is} on both; columns were not compared: ${why}`)
    },
  )
}

interface Change {
  readonly name: string
  readonly was: string
  readonly is: string
}

function changesOf(old: readonly Thing[], next: readonly Thing[]): readonly Change[] {
  const before = new Map(old.map(({ table, name, text }) => [`${table}.${name}`, text]))
  return next.flatMap(({ table, name, text }) => {
    const was = before.get(`${table}.${name}`)
    return was === undefined || text === undefined || was === text ? [] : [{ name: `${table}.${name}`, was, is: text }]
  })
}

const shown = ({ name, was, is }: Change): string => `${name} (${is}, ${was} before)`
