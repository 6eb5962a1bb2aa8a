import type { core } from 'zod'
import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { both } from '../../../comparing.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { first } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import { type Questions, whole } from '../questions.ts'
import type { MySqlSides } from '../sides.ts'
import { covers, type Grant, OWN, readGrants } from './grants.ts'

/** What the account of the app is, as it is kept in a baseline. No password hash, which MariaDB shows among grants. */
export const accountSchema = (z: Zod) =>
  z.strictObject({
    grants: toldSchema(z, z.array(z.strictObject({ right: z.string(), on: z.string() }))),
    /** The way of login. */
    plugin: toldSchema(z, z.string()),
    /** Sessions of this account now, ours among them. */
    sessions: toldSchema(z, z.number()),
  })

export type AccountFacts = core.output<ReturnType<typeof accountSchema>>

export async function surveyAccount(questions: Questions): Promise<AccountFacts> {
  const database = await questions.ask('SELECT DATABASE() AS name', ([row]) => row?.['name'] ?? null)
  const own = 'is' in database ? database.is : null
  return {
    grants: await questions.ask('SHOW GRANTS', (rows) =>
      readGrants(
        rows.flatMap((row) => Object.values(row)[0] ?? []),
        own,
      ),
    ),
    plugin: { is: questions.shown(questions.live.plugin) },
    sessions: await questions.ask(
      `SELECT COUNT(*) AS used FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1)`,
      ([row = {}]) => whole(row, 'used'),
    ),
  }
}

/** Pure. */
export const grants = (sides: MySqlSides): Finding => {
  const check = COMPARED.grants
  return both(
    check,
    sides,
    ({ account }) => account.grants,
    (old, next) => {
      const lost = old.filter((grant) => !next.some((other) => covers(other, grant)))
      if (lost.length === 0) return passed(check, 'may do what it may on the old one')
      const here = lost.filter(({ on }) => on === '*' || on.startsWith(OWN))
      const rights = here.length > 0 ? here : lost
      return found(check, `lost on the new one: ${first(rights.map(shownGrant))}`, {
        severity: lost.some((grant) => isOfApp(grant, next)) ? 'error' : 'warn',
        remedy: `as its administrator: ${rights.slice(0, 3).map(statementFor).join('; ')}${rights.length > 3 ? '; and so on' : ''}`,
      })
    },
  )
}

/** What was lost everywhere, and stands for the database of the handle, is no loss to an app that stays in it. */
const isOfApp = ({ right, on }: Grant, next: readonly Grant[]): boolean =>
  on.startsWith(OWN) || (on === '*' && !next.some((other) => covers(other, { right, on: OWN })) && !SERVER_WIDE.test(right))

/** Rights of who runs a server. */
const SERVER_WIDE =
  /^(PROCESS|RELOAD|SUPER|SHUTDOWN|FILE|CREATE USER|SHOW DATABASES|CREATE TABLESPACE|DELETE HISTORY|CREATE ROLE|DROP ROLE)$|^(REPLICATION|REPLICA|SLAVE|BINLOG|CONNECTION|FEDERATED|READ|SET) |^[A-Z]+(_[A-Z]+)+$/

const shownGrant = ({ right, on }: Grant): string =>
  on === '' ? right : `${right} on ${on === '*' ? '*.*' : on === OWN ? 'its database' : on.replace(`${OWN}.`, '')}`

const statementFor = ({ right, on }: Grant): string =>
  on === ''
    ? `GRANT ${right.replace(/^ROLE /, '')} TO …`
    : `GRANT ${right} ON ${on === '*' ? '*.*' : on === OWN ? 'NAME.*' : on.replace(OWN, 'NAME')} TO …`

export const auth = (sides: MySqlSides): Finding => {
  const check = COMPARED.auth
  return both(
    check,
    sides,
    ({ account }) => account.plugin,
    (old, next) => {
      if (old === next) return passed(check, `${next} on both`)
      const detail = `the account logs in by ${next}, and by ${old} on the old one`
      if (next === 'mysql_native_password') return found(check, `${detail}: servers of MySQL 9 know it no more`, { severity: 'info' })
      return found(check, `${detail}: older clients cannot, and without TLS it needs the key of the server`, {
        remedy: 'see that the client of the app knows it (mysql2, PyMySQL, Connector/J 8 do), and that it uses TLS',
      })
    },
  )
}
