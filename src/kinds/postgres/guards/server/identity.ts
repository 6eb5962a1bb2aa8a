import { type Finding, passed } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { digits, only, text, whole } from './rows.ts'
import { bothOf, judged, type Sides, together } from './sides.ts'
import type { ServerFacts } from './survey.ts'

/** What tells one server, and one database, from another. */
export const identityShape = (z: Zod) => ({
  /** The system identifier: that of all physical copies. */
  cluster: toldSchema(z, z.string()),
  /** Which running server it is: when it was started, in microseconds, and its port. Every role may see it, also through a pooler. */
  instance: toldSchema(z, z.string()),
  /** Which way the WAL went: a promoted copy has another one. */
  timeline: toldSchema(z, z.int()),
  database: toldSchema(z, z.strictObject({ oid: z.string(), name: z.string(), role: z.string() })),
})

export const askIdentity = async (questions: Questions) => ({
  cluster: await questions.ask(
    'SELECT system_identifier::text AS it FROM pg_control_system()',
    only(({ it }) => digits(it)),
  ),
  instance: await questions.ask(
    `SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint::text AS started, current_setting('port') AS port`,
    only(({ started, port }) => `${digits(started)} ${digits(port)}`),
  ),
  timeline: await questions.ask(
    // The control file of a primary keeps the old timeline until the first checkpoint after the promotion.
    `SELECT CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS it`,
    only(({ it }) => whole(it)),
  ),
  database: await questions.ask(
    'SELECT oid::text AS oid, datname::text AS name, session_user::text AS role FROM pg_database WHERE datname = current_database()',
    only(({ oid, name, role }) => ({ oid: digits(oid), name: text(name), role: text(role) })),
  ),
})

/**
 * The same text for two handles that lead to one database, and for no others. The system identifier has no part in it: copies share it, and two
 * roles of one database need not both be allowed to see it.
 */
export const resourceOf = ({ instance, database }: Pick<ServerFacts, 'instance' | 'database'>): Told<string> => {
  const told = together({ instance, database })
  return 'is' in told ? { is: `${told.is.instance} ${told.is.database.oid}` } : told
}

/** `copy`: bytes of one cluster under another server, be it a standby, a promoted one, or a snapshot that was started on its own. */
export type Relation = 'same server' | 'copy' | 'other cluster'

export function relationOf(sides: Sides): Told<Relation> {
  const instances = bothOf(sides, ({ instance }) => instance)
  if ('is' in instances && instances.is.old === instances.is.next) return { is: 'same server' }
  const clusters = bothOf(sides, ({ cluster }) => cluster)
  if (!('is' in clusters)) return clusters
  if (clusters.is.old !== clusters.is.next) return { is: 'other cluster' }
  return 'is' in instances ? { is: 'copy' } : instances
}

export function identity(sides: Sides): Finding {
  return judged(SERVER.identity, relationOf(sides), (relation) => passed(SERVER.identity, described(relation, sides)))
}

function described(relation: Relation, sides: Sides): string {
  const databases = bothOf(sides, ({ database }) => database)
  const isOther = 'is' in databases && databases.is.old.oid !== databases.is.next.oid
  switch (relation) {
    case 'same server':
      return isOther ? 'another database of the same server' : 'the very same database'
    case 'other cluster':
      return 'a cluster of its own: its data came another way than by a physical copy'
    case 'copy':
      return `${isOther ? 'another database of ' : ''}${copied(sides)}`
  }
}

function copied(sides: Sides): string {
  const { cluster, inRecovery } = sides.next
  const timelines = bothOf(sides, ({ timeline }) => timeline)
  const what = 'is' in inRecovery && inRecovery.is ? 'a standby of the same cluster' : 'a physical copy of the old one that is no standby'
  const lines = 'is' in timelines ? `; timeline ${timelines.is.next} against ${timelines.is.old}` : ''
  return `${what} (system identifier ${'is' in cluster ? cluster.is : 'not told'}${lines})`
}
