import type { Told } from '../../../../../domain/survey.ts'
import type { Questions } from '../../../questions.ts'
import { flag, list, text } from './asking.ts'

/**
 * Why a relation may not be read, by its oid. The planner works out calls with constant arguments before a query runs, in the expressions of
 * indexes, of statistics and of partition keys: who may make such an index could have anything done by the role of the handle.
 */
export type ForeignCode = (oid: string) => string | null

export async function findForeignCode(questions: Questions): Promise<ForeignCode> {
  const found: Told<(readonly [string, string])[]> = await list(questions, BARRED, (row) => [
    text(row, 'oid'),
    flag(row, 'remote') ? 'a part of it stands on another server' : 'its indexes, statistics or partitions call a function of a user',
  ])
  if ('unknown' in found) return () => `whether it calls a function of a user is not known: ${found.unknown}`
  const barred = new Map(found.is)
  return (oid) => barred.get(oid) ?? null
}

/** Functions of the server itself are below. */
const OWN_OIDS = 16_384
/** internal, c: only a superuser makes these, also as a part of an extension. Who owns an extension may add functions of his own to it. */
const COMPILED = '12, 13'

/** Those that call it, those that they are a part of, and those that are a part of them. Foreign tables are read through their parents too. */
const BARRED = `WITH RECURSIVE code AS (SELECT p.oid FROM pg_proc p WHERE p.oid >= ${OWN_OIDS} AND p.prolang NOT IN (${COMPILED})),
  callers AS (
    SELECT d.classid, d.objid FROM code JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = code.oid
    UNION SELECT d.classid, d.objid FROM code JOIN pg_operator o ON o.oprcode = code.oid
      JOIN pg_depend d ON d.refclassid = 'pg_operator'::regclass AND d.refobjid = o.oid),
  direct AS (
    SELECT i.indrelid AS oid, false AS remote FROM callers JOIN pg_index i ON i.indexrelid = callers.objid WHERE callers.classid = 'pg_class'::regclass
    UNION SELECT s.stxrelid, false FROM callers JOIN pg_statistic_ext s ON s.oid = callers.objid WHERE callers.classid = 'pg_statistic_ext'::regclass
    UNION SELECT callers.objid, false FROM callers WHERE callers.classid = 'pg_class'::regclass
    UNION SELECT f.ftrelid, true FROM pg_foreign_table f),
  above AS (SELECT * FROM direct UNION SELECT h.inhparent, above.remote FROM above JOIN pg_inherits h ON h.inhrelid = above.oid),
  below AS (SELECT oid, remote FROM direct WHERE NOT remote UNION SELECT h.inhrelid, below.remote FROM below JOIN pg_inherits h ON h.inhparent = below.oid)
  SELECT oid::text AS oid, bool_and(remote) AS remote FROM (SELECT * FROM above UNION ALL SELECT * FROM below) barred GROUP BY 1`
