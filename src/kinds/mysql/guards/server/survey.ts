import type { core } from 'zod'
import { type Told, told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { followedBy, quoted } from '../../probe.ts'
import { idleBecause, ROLE_STATUS, ROLE_VARIABLES, readOnlyBy, roleOf, type Words } from '../../role.ts'
import { type Questions, text, whole } from '../questions.ts'

/** What the server is, and what the sessions of the app begin with, as it is kept in a baseline. */
export const serverSchema = (z: Zod) =>
  z.strictObject({
    product: toldSchema(z, z.string()),
    version: toldSchema(z, z.string()),
    role: toldSchema(z, z.enum(['primary', 'replica'])),
    /** The switches that refuse writes. */
    readOnly: toldSchema(z, z.array(z.string())),
    /** Why it takes no work. Empty: it does. */
    idle: toldSchema(z, z.string()),
    /** `uid` is made by the server for itself; what stands behind it tells copies of its files apart. */
    identity: toldSchema(z, z.strictObject({ uid: z.string(), place: z.string() })),
    /** The database that the handle names. Null: none. */
    database: z.string().nullable(),
    gtid: toldSchema(z, z.strictObject({ of: z.enum(['MySQL', 'MariaDB']), set: z.string() })),
    /** As a session of the app begins. */
    variables: toldSchema(z, z.record(z.string(), z.string())),
    /** Minutes that a session is ahead of UTC, and whether the server knows zones by name. */
    clock: toldSchema(z, z.strictObject({ ahead: z.number(), knowsZones: z.boolean() })),
    connections: toldSchema(z, z.strictObject({ inUse: z.number(), most: z.number() })),
  })

export type ServerFacts = core.output<ReturnType<typeof serverSchema>>

/** What is compared of two servers. A server leaves out what it does not know. */
export const WATCHED = [
  ...[
    'sql_mode',
    'lower_case_table_names',
    'time_zone',
    'system_time_zone',
    'max_allowed_packet',
    'max_connections',
    'max_user_connections',
  ],
  ...['character_set_server', 'collation_server', 'transaction_isolation', 'tx_isolation', 'innodb_strict_mode', 'autocommit'],
  ...['explicit_defaults_for_timestamp', 'sql_require_primary_key', 'default_storage_engine', 'wait_timeout', 'max_execution_time'],
  ...[
    'max_statement_time',
    'group_concat_max_len',
    'innodb_lock_wait_timeout',
    'lock_wait_timeout',
    'foreign_key_checks',
    'event_scheduler',
  ],
  ...['innodb_flush_log_at_trx_commit', 'sync_binlog', 'auto_increment_increment', 'auto_increment_offset', 'div_precision_increment'],
  ...[
    'log_bin_trust_function_creators',
    'local_infile',
    'innodb_default_row_format',
    'default_week_format',
    'sql_big_selects',
    'max_join_size',
  ],
]
const IDENTITY = ['server_uuid', 'server_uid', 'hostname', 'port']
const GTIDS = ['gtid_executed', 'gtid_binlog_pos', 'gtid_slave_pos']
/** A set that names more than so many ranges is kept by nobody. */
const GTID_MAX = 64 * 1024

export async function surveyServer(questions: Questions): Promise<ServerFacts> {
  const { product, version } = questions.live
  const names = [...new Set([...ROLE_VARIABLES, ...IDENTITY, ...GTIDS, ...WATCHED])]
  const variables = await wordsOf(questions, `SHOW VARIABLES WHERE Variable_name IN (${quoted(names)})`)
  const status = await wordsOf(
    questions,
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${quoted([...ROLE_STATUS, 'Threads_connected', 'Max_used_connections'])})`,
  )
  const states: Words = told(status) ?? new Map()
  const followed = await questions.asking.ask((exchange) =>
    followedBy((statement) => questions.live.session.rows(statement, exchange), product),
  )
  return {
    product: { is: product },
    version: { is: version },
    role: from(variables, (words) => {
      const role = roleOf(words, states, told(followed))
      return role === 'unknown'
        ? { unknown: 'this account may not ask whether it follows another server (REPLICATION CLIENT, SLAVE MONITOR)' }
        : { is: role }
    }),
    readOnly: from(variables, (words) =>
      words.has('read_only') ? { is: [...readOnlyBy(words)] } : { unknown: 'it does not tell read_only' },
    ),
    idle: from(variables, (words) => {
      const isMember = /^(1|ON)/i.test(words.get('wsrep_on') ?? '')
      return isMember && 'unknown' in status ? status : { is: idleBecause(words, states) ?? '' }
    }),
    identity: from(variables, (words) => identityIn(questions, words)),
    database: await databaseOf(questions),
    gtid: from(variables, gtidIn),
    variables: from(variables, (words) => ({ is: watchedIn(questions, words) })),
    clock: await clockOf(questions),
    connections: from(status, (words) => {
      const [inUse, most] = [Number(words.get('Threads_connected')), Number(words.get('Max_used_connections'))]
      return Number.isSafeInteger(inUse) && Number.isSafeInteger(most)
        ? { is: { inUse, most } }
        : { unknown: 'it does not tell its connections' }
    }),
  }
}

const wordsOf = (questions: Questions, statement: string): Promise<Told<Words>> =>
  questions.ask(statement, (rows) => new Map(rows.map((row) => [text(row, 'Variable_name'), row['Value'] ?? ''])))

const from = <T>(words: Told<Words>, read: (words: Words) => Told<T>): Told<T> => ('is' in words ? read(words.is) : words)

function identityIn(questions: Questions, words: Words): ServerFacts['identity'] {
  const uid = words.get('server_uuid') ?? words.get('server_uid') ?? ''
  if (uid === '') return { unknown: 'it has no identity of its own (server_uuid; MariaDB has server_uid since 10.5.26)' }
  return { is: { uid: questions.shown(uid), place: questions.shown(`${words.get('hostname') ?? ''}:${words.get('port') ?? ''}`) } }
}

function gtidIn(words: Words): ServerFacts['gtid'] {
  const executed = words.get('gtid_executed')
  const set = (executed ?? [words.get('gtid_binlog_pos'), words.get('gtid_slave_pos')].filter((part) => part).join(',')).replace(/\s/g, '')
  if (set === '') return { unknown: 'it numbers no transactions (GTID is off)' }
  if (set.length > GTID_MAX || !/^[\w:,-]+$/.test(set)) return { unknown: 'its list of transactions is too long to compare' }
  return { is: { of: executed === undefined ? 'MariaDB' : 'MySQL', set } }
}

const watchedIn = (questions: Questions, words: Words): Record<string, string> =>
  Object.fromEntries(
    WATCHED.flatMap((name) => {
      const value = words.get(name)
      return value === undefined ? [] : [[name, value === '' ? '' : questions.shown(value)]]
    }),
  )

async function databaseOf(questions: Questions): Promise<string | null> {
  const name = await questions.ask('SELECT DATABASE() AS name', ([row]) => row?.['name'] ?? null)
  const is = told(name)
  return is === null ? null : questions.shown(is)
}

/** A zone that the tables of the server have, if they are filled. */
const clockOf = (questions: Questions): Promise<ServerFacts['clock']> =>
  questions.ask(
    `SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()) AS ahead, CONVERT_TZ('2000-01-01 00:00:00', 'UTC', 'Europe/Paris') IS NOT NULL AS zones`,
    ([row = {}]) => ({ ahead: whole(row, 'ahead'), knowsZones: text(row, 'zones') === '1' }),
  )

/** The same text for two handles that lead to one database, and for no others. */
export const identityOf = ({ identity, database }: ServerFacts): Told<string> =>
  'is' in identity ? { is: `${identity.is.uid} ${identity.is.place} ${database ?? ''}` } : identity
