import { join } from 'node:path'
import type { Finding } from '../../../../../src/domain/finding.ts'
import { Secret } from '../../../../../src/domain/secret.ts'
import type { Fresh, Survey } from '../../../../../src/domain/survey.ts'
import type { Table } from '../../../../../src/kinds/postgres/guards/content/survey/tables.ts'
import { guards, type PostgresFacts } from '../../../../../src/kinds/postgres/guards/guards.ts'
import postgres from '../../../../../src/kinds/postgres/postgres.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS } from '../../../../../src/ports/kind.ts'
import { type PostgresServer, postgresPrograms } from '../../../../support/postgres.ts'
import { run } from '../../../../support/processes.ts'

const { signal } = new AbortController()
const clocks = { signal, now: () => performance.now(), today: () => Date.now() }

/** What a database tells of itself to the role of the handle. */
export async function surveyOf(handle: string, fresh: Fresh | null = null): Promise<Survey> {
  const context = { ...clocks, depth: 'use' as const, limits: PROBE_LIMITS }
  const opened = await postgres.open?.(postgres.parse(new Secret(handle)), context)
  if (opened?.session == null) throw new Error(`not opened: ${JSON.stringify(opened?.report)}`)
  await using session = opened.session
  return await session.survey({ ...clocks, limits: SURVEY_LIMITS, fresh, against: Promise.resolve(null) })
}

/** The tables whose rows it told, or could not. */
export function tablesIn({ facts }: Survey): readonly Table[] {
  // Made by `surveyOf`.
  const { tables } = (facts as PostgresFacts).content
  if ('unknown' in tables) throw new Error(tables.unknown)
  return tables.is
}

/** What is said of one in the place of the other. */
export function compared(old: Survey | null, next: Survey, more: Partial<Comparison> = {}): readonly Finding[] {
  const oldSilent = old === null ? 'the old resource failed at connect' : null
  return guards.compare({
    old,
    oldSilent,
    next,
    expect: 'writable',
    fresh: null,
    use: null,
    today: Date.now(),
    deploy: 'production',
    ...more,
  })
}

/** The finding of one check: there is exactly one. */
export function of(findings: readonly Finding[], id: string): Finding {
  const some = findings.filter((finding) => finding.id === id)
  const [one] = some
  if (one === undefined || some.length > 1) throw new Error(`${some.length} findings of ${id}`)
  return one
}

/** What stands in the way or is worth a look, in short. */
export const troubles = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ status }) => status !== 'pass').map(({ id, severity, status, detail }) => `${id} ${severity} ${status}: ${detail}`)

/** A dump of one database, restored into another one, of the same server where none is named, as an operator would. */
export async function restored(server: PostgresServer, from: string, to: string, into = server): Promise<void> {
  const program = (name: string): string => join(postgresPrograms(), name)
  const file = join('/tmp', `attach-${process.pid}-${to}.dump`)
  await run(program('pg_dump'), ['-Fc', '-f', file, server.url({ database: from })])
  await into.sql(`CREATE DATABASE ${to}`)
  await run(program('pg_restore'), ['--exit-on-error', '-d', into.url({ database: to }), file])
  await run('rm', [file])
}
