import type { core } from 'zod'
import type { Position, Told } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import { from, type Info, numberOf, textOf } from '../../info.ts'
import type { Live } from '../../probe.ts'
import type { Questions } from '../../questions.ts'

/** What the server is, as it is kept in a baseline. */
export const serverSchema = (z: Zod) =>
  z.strictObject({
    product: z.string(),
    version: toldSchema(z, z.string()),
    role: toldSchema(z, z.enum(['primary', 'replica'])),
    mode: toldSchema(z, z.enum(['standalone', 'cluster'])),
    database: countSchema(z),
    /** Another one after each start. */
    runId: toldSchema(z, z.string()),
    /** Whose data it has: `line` is shared by a primary and its replicas, `before` is that of the primary it once followed. */
    replication: toldSchema(z, z.strictObject({ line: z.string(), before: z.string(), link: z.enum(['up', 'down', 'none']) })),
    /** `ok`, where it is part of a cluster that is whole. */
    cluster: toldSchema(z, z.enum(['ok', 'fail', 'none'])),
  })

export type ServerFacts = core.output<ReturnType<typeof serverSchema>>

export async function surveyServer(questions: Questions, info: Told<Info>, live: Live): Promise<ServerFacts> {
  const { facts, database } = live
  const { role = 'unknown', version } = facts
  const mode = modeOf(info, facts.more?.['mode'])
  return {
    product: facts.product ?? 'Redis',
    version: version === undefined ? { unknown: 'the server does not tell its version' } : { is: version },
    role: role === 'unknown' ? { unknown: 'the server does not tell its role' } : { is: role },
    mode,
    database,
    runId: from(info, (fields) => textOf(fields, 'run_id')),
    replication: from(info, replicationOf),
    cluster: 'is' in mode && mode.is === 'cluster' ? await clusterOf(questions) : { is: 'none' },
  }
}

function modeOf(info: Told<Info>, told: unknown): ServerFacts['mode'] {
  const known = told === undefined ? from(info, (fields) => textOf(fields, 'redis_mode')) : { is: told }
  if (!('is' in known)) return known
  return known.is === 'standalone' || known.is === 'cluster' ? { is: known.is } : { unknown: 'the server runs in a mode of its own' }
}

function replicationOf(fields: Info) {
  const link = fields.get('master_link_status')
  return {
    line: textOf(fields, 'master_replid'),
    before: fields.has('master_replid2') ? textOf(fields, 'master_replid2') : '',
    link: link === 'up' ? ('up' as const) : link === undefined ? ('none' as const) : ('down' as const),
  }
}

const clusterOf = (questions: Questions): Promise<ServerFacts['cluster']> =>
  questions.ask(['CLUSTER', 'INFO'], (reply) => (/^cluster_state:ok\r?$/m.test(String(reply)) ? 'ok' : 'fail'))

/** The same text for two handles that lead to one database, and for no others. */
export const identityOf = ({ runId, database }: ServerFacts): Told<string> => ('is' in runId ? { is: `${runId.is} ${database}` } : runId)

/** A primary counts from the day on which its first replica came. */
export const positionOf = (info: Told<Info>): Told<Position> => {
  if (!('is' in info)) return info
  const isReplica = info.is.get('role') === 'slave'
  if (!isReplica && info.is.get('repl_backlog_active') === '0') return { unknown: 'the server has no replica, and counts no position' }
  return from(info, (fields) => ({
    line: textOf(fields, 'master_replid'),
    at: String(numberOf(fields, isReplica ? 'slave_repl_offset' : 'master_repl_offset')),
    unit: 'bytes of replication',
    ...leftBy(fields),
  }))
}

/** A replica that is promoted begins a line of its own. `second_repl_offset` is the first byte that it has not of the former one; -1: there is none. */
function leftBy(fields: Info): Pick<Position, 'before'> {
  const first = fields.get('second_repl_offset') ?? ''
  if (!/^[1-9]\d{0,14}$/.test(first)) return {}
  return { before: { line: textOf(fields, 'master_replid2'), at: String(Number(first) - 1) } }
}
