import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { relationOf } from './identity.ts'
import { only, whole } from './rows.ts'
import { bothOf, judged, nextOf, type Sides, together } from './sides.ts'
import type { ServerFacts } from './survey.ts'
import { counted, figure } from './words.ts'

/** Every survey holds one connection itself. */
const OURS = 1

export const connectionsShape = (z: Zod) => ({
  connections: toldSchema(
    z,
    z.strictObject({
      max: countSchema(z),
      /** Not for ordinary roles. */
      reserved: countSchema(z),
      /** In use now: at the server, in this database, by this role. */
      used: countSchema(z),
      ofDatabase: countSchema(z),
      ofRole: countSchema(z),
    }),
  ),
  /** Another process answers than was announced at login. */
  pooled: toldSchema(z, z.boolean()),
})

type Connections = Extract<ServerFacts['connections'], { readonly is: unknown }>['is']

export const askConnections = async (questions: Questions) => ({
  connections: await questions.ask(
    // reserved_connections came with 16.
    `SELECT current_setting('max_connections')::int AS max, current_setting('superuser_reserved_connections')::int
        + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int AS reserved,
      (SELECT coalesce(sum(numbackends), 0)::int FROM pg_stat_database) AS used,
      (SELECT numbackends FROM pg_stat_database WHERE datname = current_database()) AS of_database,
      (SELECT count(*)::int FROM pg_stat_activity WHERE usename = session_user AND backend_type = 'client backend') AS of_role`,
    only(({ max, reserved, used, of_database, of_role }) => ({
      max: whole(max),
      reserved: whole(reserved),
      used: whole(used),
      ofDatabase: whole(of_database),
      ofRole: whole(of_role),
    })),
  ),
  pooled: await questions.ask(
    'SELECT pg_backend_pid() AS it',
    only(({ it }) => whole(it) !== questions.processId),
  ),
})

export function capacity(sides: Sides): Finding {
  const check = SERVER.capacity
  const both = bothOf(sides, ({ connections, role, pooled }) => together({ connections, role, pooled }))
  return judged(check, both, ({ old, next }) => {
    const needed = Math.max(0, old.connections.ofDatabase - OURS)
    // What the app holds on the same server is free once it has moved.
    const relation = relationOf(sides)
    const returned = 'is' in relation && relation.is === 'same server' ? needed : 0
    const free = freeOf(next.connections, next.role) + returned
    const figures = `${counted(Math.max(0, free), 'connection')} free there, ${figure(needed)} in use by the app's database now`
    if (free < needed && next.pooled)
      return unknown(check, `${figures}; a pooler stands before it, and how many clients that takes is not seen`)
    if (free < needed)
      return found(check, `${figures}: the app would be turned away`, {
        remedy: 'raise max_connections (ALTER SYSTEM SET max_connections = …, and a restart), or the CONNECTION LIMIT of role and database',
      })
    const [oldMost, nextMost] = [usable(old.connections), usable(next.connections)]
    if (nextMost < oldMost)
      return found(check, `at most ${counted(nextMost, 'connection')} there and ${figure(oldMost)} now; ${figures}`, {
        severity: 'warn',
        remedy: `ALTER SYSTEM SET max_connections = ${old.connections.max}, and a restart, if the app ever needs them all`,
      })
    return passed(check, figures)
  })
}

/** For ordinary roles. */
const usable = ({ max, reserved }: Connections): number => max - reserved

/** What one more role of this name could take, our own connection counted as free. */
function freeOf(
  connections: Connections,
  { limit, databaseLimit, superuser }: { readonly limit: number; readonly databaseLimit: number; readonly superuser: boolean },
): number {
  const atServer = (superuser ? connections.max : usable(connections)) - connections.used
  const left = [
    atServer,
    limit < 0 || superuser ? null : limit - connections.ofRole,
    databaseLimit < 0 || superuser ? null : databaseLimit - connections.ofDatabase,
  ]
  return Math.min(...left.flatMap((each) => each ?? [])) + OURS
}

export function pooler(sides: Sides): Finding {
  const check = SERVER.pooler
  const next = nextOf(sides, ({ pooled }) => pooled)
  const both = bothOf(sides, ({ pooled }) => pooled)
  return judged(check, 'is' in next ? both : next, ({ old, next: isPooled }) => {
    if (old === isPooled) return passed(check, isPooled ? 'a pooler answers at both' : 'no pooler answers at either')
    return isPooled
      ? found(
          check,
          'a pooler answers there, and none does now: in transaction mode prepared statements, LISTEN, advisory locks and SET do not work across transactions',
          {
            remedy: 'name the server itself, or see to it that the pooler is in session mode or the app does without these',
          },
        )
      : found(check, 'no pooler answers there, and one does now: every connection of the app is one of the server', {
          remedy: 'name the pooler of that server, or see to it that max_connections is enough for all processes of the app',
        })
  })
}
