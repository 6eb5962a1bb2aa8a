import { notOfExtension, OF_APP } from './asking.ts'

const PLAIN = `(coalesce(nullif(t.typbasetype, 0), t.oid) IN (20, 21, 23, 1700)
    AND (f.expression IS NULL OR pg_get_expr(f.expression, 0) ~ '^[(]?nextval[(][^()]*::regclass[)][)]?(::[a-z]+)?$'))`

/**
 * Columns that a sequence is of, or is in the default of: `plain` where they are whole numbers that take the next value as it is. A partition has
 * the default of its table, and is looked at with it.
 */
export const FEEDS = `SELECT f.sequence::text AS sequence, c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, quote_ident(a.attname) AS column,
    s.seqincrement::text AS step, CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::text END AS root, ${PLAIN} AS plain,
    EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indisvalid
      AND i.indpred IS NULL AND ic.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')) AS indexed
  FROM (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number, ad.adbin AS expression FROM pg_depend d
      LEFT JOIN pg_attrdef ad ON d.deptype = 'a' AND ad.adrelid = d.refobjid AND ad.adnum = d.refobjsubid AND EXISTS (
        SELECT FROM pg_depend u WHERE u.classid = 'pg_attrdef'::regclass AND u.objid = ad.oid AND u.refclassid = 'pg_class'::regclass AND u.refobjid = d.objid)
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT d.refobjid, ad.adrelid, ad.adnum, ad.adbin FROM pg_attrdef ad
      JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
      WHERE NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = d.refobjid AND o.refclassid = 'pg_class'::regclass
        AND o.refobjid = ad.adrelid AND o.refobjsubid = ad.adnum AND o.deptype IN ('a', 'i'))
  ) f
    JOIN pg_sequence s ON s.seqrelid = f.sequence
    JOIN pg_class c ON c.oid = f.relation AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.number AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
  WHERE ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')} AND (f.expression IS NULL OR a.attgenerated = '')`

export const SEQUENCES = `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS step,
    CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END::text AS first, CASE WHEN s.seqincrement > 0 THEN s.seqmax ELSE s.seqmin END::text AS last,
    s.seqcycle AS cycles, c.relpersistence = 'u' AS unlogged,
    has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}`

/** Null: it may not be asked, or gave out nothing yet. */
export const LAST_VALUES = `SELECT c.oid::text AS oid, CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT')
    AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) THEN pg_sequence_last_value(c.oid)::text END AS last
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${OF_APP}`
