import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { both } from '../../../comparing.ts'
import { counted, first } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'

/** MySQL and MariaDB; rows and transactions outlive a crash. */
const SAFE = ['InnoDB', 'ROCKSDB']

/** Pure. */
export const engines = (sides: MySqlSides): Finding => {
  const check = COMPARED.engines
  return both(
    check,
    sides,
    ({ content }) => content.tables,
    (old, next) => {
      const before = new Map(old.map(({ name, engine }) => [name, engine]))
      const changed = next.flatMap(({ name, engine }) => {
        const was = before.get(name)
        return was === undefined || was === '' || engine === '' || was.toLowerCase() === engine.toLowerCase() ? [] : [{ name, was, engine }]
      })
      if (changed.length === 0) return passed(check, 'every table is kept by the same engine')
      const isWorse = changed.some(({ was, engine }) => SAFE.includes(was) && !SAFE.includes(engine))
      const names = first(changed.map(({ name, was, engine }) => `${name} (${engine}, ${was} before)`))
      return found(check, `${counted(changed.length, 'table')} kept by another engine: ${names}`, {
        severity: isWorse ? 'warn' : 'info',
        remedy: `ALTER TABLE \`${changed[0]?.name}\` ENGINE = ${changed[0]?.was}`,
      })
    },
  )
}
