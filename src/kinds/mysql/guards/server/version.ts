import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { type Told, told } from '../../../../domain/survey.ts'
import { both } from '../../../comparing.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlFacts, MySqlSides } from '../sides.ts'

/** Products that are MySQL, made by others. */
const IS_MYSQL = ['MySQL', 'Percona Server', 'Amazon Aurora MySQL']

const forkOf = (product: string): string => (IS_MYSQL.includes(product) ? 'MySQL' : product)

const made = ({ server: { product, version } }: MySqlFacts): Told<{ readonly product: string; readonly version: string }> =>
  'is' in product && 'is' in version
    ? { is: { product: product.is, version: version.is } }
    : 'is' in product
      ? { unknown: 'it does not tell its version' }
      : product

/** Whether both are of one fork, as far as they tell. */
export const isOneFork = ({ old, next }: MySqlSides): boolean => {
  const [a, b] = [old === null ? null : told(old.server.product), told(next.server.product)]
  return a !== null && b !== null && forkOf(a) === forkOf(b)
}

/** Pure. */
export const version = (sides: MySqlSides): Finding => {
  const check = COMPARED.version
  return both(check, sides, made, (old, next) => {
    const text = `${next.product} ${next.version}, where the old one is ${old.product} ${old.version}`
    if (forkOf(old.product) !== forkOf(next.product))
      return found(check, `${text}: what one of them alone knows fails`, {
        severity: 'warn',
        remedy: 'run the tests of the app against it before',
      })
    const lower = firstLower(old.version, next.version)
    if (lower === null) return passed(check, old.version === next.version ? `${next.product} ${next.version} on both` : text)
    return found(check, text, { severity: lower < 2 ? 'error' : 'warn', remedy: `name a server of version ${old.version} or newer` })
  })
}

/** Where the second version falls behind the first: 0 and 1 are the series. Null: nowhere. */
function firstLower(old: string, next: string): number | null {
  const [before, after] = [old, next].map((each) => each.split('.').map((part) => Number.parseInt(part, 10) || 0))
  for (let at = 0; at < 3; at += 1) {
    const [b = 0, a = 0] = [before?.[at], after?.[at]]
    if (a !== b) return a < b ? at : null
  }
  return null
}
