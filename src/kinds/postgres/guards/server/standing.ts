import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { flag, only, text } from './rows.ts'
import { judged, nextOf, type Sides } from './sides.ts'
import { quoted } from './words.ts'

/** Whether writes are taken. */
export const standingShape = (z: Zod) => ({
  inRecovery: toldSchema(z, z.boolean()),
  /** What the transactions of this role are by default, and what says so, as pg_settings names it. */
  readOnly: toldSchema(z, z.strictObject({ on: z.boolean(), source: z.string() })),
})

export const askStanding = async (questions: Questions) => ({
  inRecovery: await questions.ask(
    'SELECT pg_is_in_recovery() AS it',
    only(({ it }) => flag(it)),
  ),
  readOnly: await questions.ask(
    `SELECT setting <> 'off' AS it, source FROM pg_settings WHERE name = 'default_transaction_read_only'`,
    only(({ it, source }) => ({ on: flag(it), source: text(source) })),
  ),
})

export function recovery(sides: Sides): Finding {
  const check = SERVER.recovery
  const { expect } = sides.comparison
  return judged(
    check,
    nextOf(sides, ({ inRecovery }) => inRecovery),
    (inRecovery) => {
      if (expect === 'writable' && inRecovery)
        return found(check, 'a standby in recovery: it takes no writes', {
          remedy: 'promote it (SELECT pg_promote()), or name the primary',
        })
      if (expect === 'replica' && !inRecovery)
        return found(check, 'a primary, where a replica is expected', { remedy: 'name a replica, or --expect writable' })
      return passed(check, inRecovery ? 'a standby' : 'a primary')
    },
  )
}

export function readOnly(sides: Sides): Finding {
  const check = SERVER.readOnly
  return judged(
    check,
    nextOf(sides, (facts) => facts.readOnly),
    ({ on, source }) => {
      if (!on || sides.comparison.expect !== 'writable') return passed(check, on ? 'read-only by default' : 'takes writes')
      const { by, remedy } = culprit(source, sides)
      return found(check, `transactions are read-only by default (default_transaction_read_only, ${by}): every write would fail`, {
        remedy,
      })
    },
  )
}

/** What sets it, and the command that mends it. */
function culprit(source: string, { next }: Sides): { readonly by: string; readonly remedy: string } {
  const names = told(next.database)
  const [role, database] = names === null ? ['…', '…'] : [quoted(names.role), quoted(names.name)]
  // Where it holds for the person who mends it too, ALTER alone would be refused.
  const reset = (what: string) => `BEGIN READ WRITE; ALTER ${what} RESET default_transaction_read_only; COMMIT`
  switch (source) {
    case 'user':
      return { by: `set for the role ${role}`, remedy: reset(`ROLE ${role}`) }
    case 'database':
      return { by: `set for the database ${database}`, remedy: reset(`DATABASE ${database}`) }
    case 'database user':
      return { by: `set for the role ${role} in ${database}`, remedy: reset(`ROLE ${role} IN DATABASE ${database}`) }
    case 'global':
      return { by: 'set for all roles', remedy: reset('ROLE ALL') }
    case 'client':
      return { by: 'set by the handle itself', remedy: 'take default_transaction_read_only out of the options of the handle' }
    case 'session':
      return { by: 'set in a session that a pooler keeps', remedy: 'RECONNECT on the admin console of the pooler' }
    default:
      return {
        by: `set in the server's configuration`,
        remedy: 'ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf()',
      }
  }
}
