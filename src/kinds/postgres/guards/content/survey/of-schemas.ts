import { MAY, notOfExtension, OF_APP, ROLE } from './asking.ts'
import { MARK } from './mark.ts'

export const DATABASE = `SELECT 'database' AS kind, quote_ident(d.datname) AS name, quote_ident(pg_get_userbyid(d.datdba)) AS owner,
    ${MAY('database', 'd.oid', ['CONNECT', 'CREATE', 'TEMP'])} AS may
  FROM pg_database d WHERE d.datname = current_database()`

export const SCHEMAS = `SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, quote_ident(pg_get_userbyid(n.nspowner)) AS owner, ${MAY('schema', 'n.oid', ['USAGE', 'CREATE'])} AS may
  FROM pg_namespace n WHERE ${OF_APP} AND ${notOfExtension('pg_namespace', 'n.oid')}`

/** What it was written with is the same in all majors; a body of the standard is no text, and each writes it down in its own way. */
export const FUNCTIONS = `SELECT 'function' AS kind, p.oid::regprocedure::text AS name, left(md5(p.prosrc), 16) AS body,
    concat_ws(' ', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' WHEN 'w' THEN 'WINDOW' END,
      CASE WHEN p.prorettype <> 0 THEN 'RETURNS' || CASE WHEN p.proretset THEN ' SETOF ' ELSE ' ' END || format_type(p.prorettype, NULL) END,
      CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END, CASE WHEN p.proisstrict THEN 'STRICT' END,
      CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END, CASE WHEN p.pronargdefaults > 0 THEN p.pronargdefaults || ' with defaults' END) AS shape,
    CASE WHEN p.prokind <> 'a' AND p.prosrc <> '' THEN ${MARK('pg_get_functiondef(p.oid)')} END AS mark,
    quote_ident(pg_get_userbyid(p.proowner)) AS owner, ${MAY('function', 'p.oid', ['EXECUTE'])} AS may
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${OF_APP} AND ${notOfExtension('pg_proc', 'p.oid')}`

/** Of the words of an enum each is a thing of its own: one of them may be missing. So is each condition of a domain. */
export const TYPES = `SELECT * FROM (
    SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END AS kind, format('%I.%I', n.nspname, t.typname) AS name,
      CASE t.typtype WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
        CASE WHEN t.typdefault IS NOT NULL THEN 'with a default' END) END AS shape, NULL AS mark,
      CASE WHEN t.typacl IS NOT NULL THEN ${MAY('type', 't.oid', ['USAGE'])} ELSE 'USAGE' END AS may
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND ${OF_APP} AND ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT 'enum value', format('%L of %I.%I', e.enumlabel, n.nspname, t.typname), NULL, NULL, NULL
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${OF_APP} AND ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT 'domain constraint', format('%I of %I.%I', k.conname, n.nspname, t.typname), NULL, ${MARK('pg_get_constraintdef(k.oid)')}, NULL
    FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE k.contype = 'c' AND ${OF_APP} AND ${notOfExtension('pg_type', 't.oid')}) all_types`

/** What stands beside tables and is as easily left out of a copy. */
export const OTHERS = `SELECT * FROM (
    SELECT 'rule' AS kind, format('%I on %I.%I', r.rulename, n.nspname, c.relname) AS name, NULL AS may
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}
    UNION ALL SELECT 'event trigger', quote_ident(e.evtname), NULL FROM pg_event_trigger e
    WHERE e.evtenabled <> 'D' AND ${notOfExtension('pg_event_trigger', 'e.oid')}
    UNION ALL SELECT 'publication', quote_ident(p.pubname), NULL FROM pg_publication p
    UNION ALL SELECT 'statistics object', format('%I.%I', n.nspname, s.stxname), NULL
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${OF_APP}
    UNION ALL SELECT 'foreign server', quote_ident(f.srvname), ${MAY('server', 'f.oid', ['USAGE'])} FROM pg_foreign_server f
    UNION ALL SELECT 'user mapping', format('for %s on %I', ${ROLE('m.umuser')}, m.srvname), NULL FROM pg_user_mappings m
    UNION ALL SELECT 'replica identity', format('%s of %I.%I', CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'INDEX' END, n.nspname, c.relname), NULL
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'd' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}) others`

/** The server locks what it writes down so: of a table that somebody else has locked they are not known, and the rest is. */
export const DEFINITIONS = `SELECT * FROM (
    SELECT 'view definition' AS kind, format('%I.%I', n.nspname, c.relname) AS name, ${MARK('pg_get_viewdef(c.oid)')} AS mark
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}
    UNION ALL SELECT 'rule definition', format('%I on %I.%I', r.rulename, n.nspname, c.relname), ${MARK('pg_get_ruledef(r.oid)')}
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}
    UNION ALL SELECT 'column definition', format('%I.%I.%I', n.nspname, c.relname, a.attname), ${MARK('pg_get_expr(d.adbin, d.adrelid)')}
    FROM (SELECT * FROM pg_attrdef OFFSET 0) d, LATERAL (SELECT * FROM pg_attribute a WHERE a.attrelid = d.adrelid AND a.attnum = d.adnum OFFSET 0) a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attgenerated <> '' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}
    UNION ALL SELECT 'function definition', p.oid::regprocedure::text, ${MARK('pg_get_functiondef(p.oid)')}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosrc = '' AND p.prokind <> 'a' AND ${OF_APP} AND ${notOfExtension('pg_proc', 'p.oid')}) definitions`
