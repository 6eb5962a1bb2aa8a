import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { relationOf } from './identity.ts'
import { flag, only, orNull, text, whole } from './rows.ts'
import { bothOf, judged, nextOf, oldOf, type Sides, together } from './sides.ts'
import { counted, few, quoted, statements } from './words.ts'

/** What hangs on one server and does not move with the handle. */
export const leftShape = (z: Zod) => ({
  prepared: toldSchema(z, z.strictObject({ transactions: countSchema(z), most: countSchema(z) })),
  /** Logical replication slots of this database that outlive their session. */
  slots: toldSchema(z, z.array(z.strictObject({ name: z.string(), active: z.boolean() }))),
  publications: toldSchema(z, countSchema(z)),
  subscriptions: toldSchema(
    z,
    z.array(z.strictObject({ name: z.string(), enabled: z.boolean(), slot: z.string().nullable(), copying: countSchema(z) })),
  ),
})

export const askLeft = async (questions: Questions) => ({
  prepared: await questions.ask(
    `SELECT (SELECT count(*)::int FROM pg_prepared_xacts WHERE database = current_database()) AS transactions,
      current_setting('max_prepared_transactions')::int AS most`,
    only(({ transactions, most }) => ({ transactions: whole(transactions), most: whole(most) })),
  ),
  slots: await questions.ask(
    `SELECT slot_name::text AS name, active FROM pg_replication_slots
      WHERE slot_type = 'logical' AND database = current_database() AND NOT temporary ORDER BY 1 LIMIT 500`,
    (rows) => rows.map(({ name, active }) => ({ name: text(name), active: flag(active) })),
  ),
  publications: await questions.ask(
    'SELECT count(*)::int AS it FROM pg_publication',
    only(({ it }) => whole(it)),
  ),
  subscriptions: await questions.ask(
    // Only these columns may be read by every role: the others hold a password.
    `SELECT s.subname::text AS name, s.subenabled AS enabled, s.subslotname::text AS slot,
      (SELECT count(*)::int FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r') AS copying
      FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1 LIMIT 500`,
    (rows) =>
      rows.map(({ name, enabled, slot, copying }) => ({
        name: text(name),
        enabled: flag(enabled),
        slot: orNull(text)(slot),
        copying: whole(copying),
      })),
  ),
})

export function preparedLeft(sides: Sides): Finding {
  const check = SERVER.preparedLeft
  return judged(
    check,
    oldOf(sides, ({ prepared }) => prepared),
    ({ transactions }) => {
      if (transactions === 0) return passed(check, 'none on the old one')
      const relation = relationOf(sides)
      const next = told(sides.next.prepared)
      const isCopied = 'is' in relation && relation.is === 'copy' && next !== null && next.transactions >= transactions
      return found(
        check,
        isCopied
          ? `${counted(transactions, 'prepared transaction')} on the old one, and the copy holds as many: decide them there alone`
          : `${counted(transactions, 'prepared transaction is', 'prepared transactions are')} neither committed nor rolled back on the old one: what they wrote stays behind, and so do their locks`,
        {
          remedy: 'SELECT gid FROM pg_prepared_xacts; then COMMIT PREPARED or ROLLBACK PREPARED each, on the old one',
          ...(isCopied ? { severity: 'warn' as const } : {}),
        },
      )
    },
  )
}

export function slotsLeft(sides: Sides): Finding {
  const check = SERVER.slotsLeft
  const old = oldOf(sides, ({ slots, publications }) => together({ slots, publications }))
  return judged(check, old, ({ slots, publications }) => {
    // One that brings the writes to the new one is no loss, and one that is there too has moved.
    const there = [
      ...(told(sides.next.slots) ?? []).map(({ name }) => name),
      ...(told(sides.next.subscriptions) ?? []).flatMap(({ slot }) => slot ?? []),
    ]
    const left = slots.filter(({ name }) => !there.includes(name) && !isOfFirstCopy(name, sides))
    if (left.length === 0)
      return passed(check, slots.length === 0 ? 'none on the old one' : 'those of the old one lead to the new one, or are there too')
    const active = left.filter((slot) => slot.active).length
    return found(
      check,
      `${counted(left.length, 'logical replication slot')} on the old one (${few(left.map(({ name }) => name))}; ${active} in use; ${counted(publications, 'publication')}): who reads there sees no write that comes after the swap`,
      { remedy: 'point its readers (Debezium, subscriptions …) at the new one, then SELECT pg_drop_replication_slot(…) on the old one' },
    )
  })
}

/** A subscription of the new one makes such a slot for each table that it still copies, and drops it by itself. */
function isOfFirstCopy(name: string, { next: { cluster, subscriptions } }: Sides): boolean {
  const subscriber = /^pg_\d+_sync_\d+_(\d+)$/.exec(name)?.[1]
  return subscriber !== undefined && subscriber === told(cluster) && (told(subscriptions) ?? []).some(({ copying }) => copying > 0)
}

export function twoPhase(sides: Sides): Finding {
  const check = SERVER.twoPhase
  const both = bothOf(sides, ({ prepared }) => prepared)
  return judged(check, both, ({ old, next }) => {
    if (old.most === 0 || next.most > 0)
      return passed(check, old.most === 0 ? 'the old one allows no prepared transactions' : `${next.most} allowed there`)
    const isUsed = old.transactions > 0
    return found(
      check,
      `the new one allows no prepared transactions (max_prepared_transactions = 0), the old one ${old.most}${isUsed ? `, and ${old.transactions} of them stand there now` : ''}: PREPARE TRANSACTION would fail`,
      {
        severity: isUsed ? 'error' : 'warn',
        remedy: `ALTER SYSTEM SET max_prepared_transactions = ${old.most}, and a restart of the server`,
      },
    )
  })
}

export function subscription(sides: Sides): Finding {
  const check = SERVER.subscription
  return judged(
    check,
    nextOf(sides, ({ subscriptions }) => subscriptions),
    (all) => {
      const olds = sides.old === null ? [] : (told(sides.old.subscriptions) ?? [])
      // A disabled one copies nothing more: what it has not copied stays behind.
      const unfinished = all.filter(({ name, copying }) => copying > 0 && !olds.some((old) => old.name === name && old.copying > 0))
      if (unfinished.length > 0) {
        const tables = unfinished.reduce((sum, each) => sum + each.copying, 0)
        const named = few(unfinished.map(({ name }) => name))
        return found(check, `subscription ${named} has not copied ${counted(tables, 'table')} to the end: rows are missing`, {
          severity: 'error',
          remedy: unfinished.every((each) => each.enabled)
            ? 'wait until every srsubstate of pg_subscription_rel is r'
            : `${statements(unfinished.filter((each) => !each.enabled).map(({ name }) => `ALTER SUBSCRIPTION ${quoted(name)} ENABLE`))}; then wait until every srsubstate of pg_subscription_rel is r`,
        })
      }
      const enabled = all.filter(({ name, enabled }) => enabled && !olds.some((old) => old.name === name && old.enabled))
      if (enabled.length === 0) return passed(check, all.length === 0 ? 'none on the new one' : 'none that is enabled there alone')
      const names = enabled.map(({ name }) => name)
      const slots = sides.old === null ? [] : (told(sides.old.slots) ?? []).map(({ name }) => name)
      const isOfOld = enabled.some(({ slot }) => slot !== null && slots.includes(slot))
      return found(
        check,
        `subscription ${few(names)} is enabled there and still brings writes${isOfOld ? ' of the old one' : ''}: they meet those of the app`,
        {
          remedy: `once nothing writes to the old one any more: ${statements(names.map((name) => `ALTER SUBSCRIPTION ${quoted(name)} DISABLE`))}`,
        },
      )
    },
  )
}
