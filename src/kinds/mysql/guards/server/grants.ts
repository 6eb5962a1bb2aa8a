/** A right, and where it holds: `*`, the database of the handle, a table of it, or another place. */
export interface Grant {
  readonly right: string
  /** Empty for a role. */
  readonly on: string
}

/** Stands for the database of the handle, which may be called otherwise on the other server. */
export const OWN = 'its database'

/** What ALL PRIVILEGES holds of what an app uses. https://dev.mysql.com/doc/refman/8.4/en/privileges-provided.html */
const OF_APPS = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER', 'CREATE TEMPORARY TABLES', 'LOCK TABLES'],
  ...['EXECUTE', 'CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'EVENT', 'TRIGGER'],
]
const GRANTS_MAX = 2_000

/** Lines of SHOW GRANTS: no more is kept of them than rights and places. */
export function readGrants(lines: readonly string[], database: string | null): Grant[] {
  const all = lines.flatMap((line) => grantsIn(line, database))
  const unique = new Map(all.map((grant) => [`${grant.right} ${grant.on}`, grant]))
  return [...unique.values()].slice(0, GRANTS_MAX)
}

function grantsIn(line: string, database: string | null): readonly Grant[] {
  const match = /^GRANT (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /i.exec(
    line,
  )
  if (match === null) {
    const role = /^GRANT ((?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?(?:, ?)?)+) TO /i.exec(line)?.[1]
    return role === undefined
      ? []
      : role.split(/, ?/).map((name) => ({ right: `ROLE ${name.replace(/`/g, '').replace(/@%$/, '')}`, on: '' }))
  }
  const [, rights = '', schema = '', table = ''] = match
  const on = placeOf(plain(schema), plain(table), database)
  return rightsIn(rights).flatMap((right): readonly Grant[] => {
    if (right === 'USAGE') return []
    return right === 'ALL PRIVILEGES' ? OF_APPS.map((each) => ({ right: each, on })) : [{ right, on }]
  })
}

const plain = (name: string): string => (name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name)

function placeOf(schema: string, table: string, database: string | null): string {
  if (schema === '*') return '*'
  const isOwn = database !== null && matches(schema, database)
  if (table === '*') return isOwn ? OWN : schema
  return `${isOwn ? OWN : schema}.${table}`
}

/** A database in a grant is a pattern: `shop\_%`. */
function matches(pattern: string, database: string): boolean {
  const source = pattern.replace(
    /\\([_%])|([_%])|([^\w])/g,
    (_, escaped: string | undefined, wild: string | undefined, other: string | undefined) =>
      escaped !== undefined ? escaped : wild === '_' ? '.' : wild === '%' ? '.*' : `\\${other}`,
  )
  return new RegExp(`^${source}$`).test(database)
}

/** `SELECT, INSERT (a, b)`: a comma in brackets parts columns. */
const rightsIn = (text: string): readonly string[] =>
  text.split(/,\s*(?![^(]*\))/).flatMap((each) => {
    const [, right = '', columns] = /^([A-Za-z_ ]+?)\s*(?:\(([^)]*)\))?$/.exec(each.trim()) ?? []
    if (right === '') return []
    return columns === undefined
      ? [right.toUpperCase()]
      : columns.split(/,\s*/).map((column) => `${right.toUpperCase()} (${column.replace(/`/g, '')})`)
  })

/** Whether who has the first may do what the second says. */
export function covers(has: Grant, wanted: Grant): boolean {
  const isRight = has.right === wanted.right || wanted.right.startsWith(`${has.right} (`)
  return isRight && (has.on === wanted.on || (has.on === '*' && wanted.on !== '') || (wanted.on.startsWith(`${has.on}.`) && has.on !== ''))
}
