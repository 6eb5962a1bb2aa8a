import type { core } from 'zod'
import { toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions, Row } from '../../../questions.ts'
import { flag, list, OF_APP, ROLE, text } from './asking.ts'
import { MARK } from './mark.ts'

const policySchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    command: z.string(),
    /** Rows must pass one of the permissive ones, and all of the restrictive ones. */
    sort: z.enum(['permissive', 'restrictive']),
    /** Whom it is for; the role that asks is CURRENT_USER. */
    roles: z.string(),
    /** A mark of its conditions: see `MARK`. */
    mark: z.string(),
  })

const guardedSchema = (z: Zod) =>
  z.strictObject({
    table: z.string(),
    state: z.enum(['on', 'forced', 'off']),
    /** Whether it holds for the role that asks. */
    holds: z.boolean(),
    policies: z.array(policySchema(z)),
  })

export const rightsSchema = (z: Zod) =>
  z.strictObject({
    /** As the server quotes it. */
    role: toldSchema(z, z.string()),
    /** Itself, and those whose rights it has: it may change what they own. */
    actsAs: toldSchema(z, z.array(z.string())),
    /** Each a line that can be run; the role that asks is CURRENT_USER in it. */
    defaults: toldSchema(z, z.array(z.string())),
    /** Tables that have row security, or policies for it. */
    rowSecurity: toldSchema(z, z.array(guardedSchema(z))),
  })

export type Rights = core.output<ReturnType<typeof rightsSchema>>
export type Policy = core.output<ReturnType<typeof policySchema>>
export type Guarded = core.output<ReturnType<typeof guardedSchema>>

export async function surveyRights(questions: Questions): Promise<Rights> {
  return {
    role: await questions.ask('SELECT quote_ident(current_user) AS role', ([row = {}]) => text(row, 'role')),
    actsAs: await list(questions, `SELECT quote_ident(rolname) AS role FROM pg_roles WHERE pg_has_role(oid, 'USAGE') ORDER BY 1`, (row) =>
      text(row, 'role'),
    ),
    defaults: await list(questions, DEFAULTS, (row) => text(row, 'line')),
    rowSecurity: await list(questions, ROW_SECURITY, (row) => ({
      table: text(row, 'name'),
      state: flag(row, 'forced') ? 'forced' : flag(row, 'is_on') ? 'on' : 'off',
      holds: flag(row, 'holds'),
      policies: policiesOf(row['policies']),
    })),
  }
}

function policiesOf(value: unknown): Policy[] {
  if (!Array.isArray(value)) throw new TypeError('no list of policies')
  return value.map((each: Row) => ({
    name: text(each, 'name'),
    command: text(each, 'command'),
    sort: flag(each, 'permissive') ? 'permissive' : 'restrictive',
    roles: text(each, 'roles'),
    mark: text(each, 'mark'),
  }))
}

/** What was granted beside what every new object begins with, and what was taken away of that. Rights of the owner go without saying. */
const DEFAULTS = `SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s %s %s ON %s %s %s', ${ROLE('d.defaclrole')},
    CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END, a.verb, a.privilege_type,
    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS'
      ELSE 'LARGE OBJECTS' END, CASE a.verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END, ${ROLE('a.grantee')}) AS line
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace,
    acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) usual,
    LATERAL (
      SELECT 'GRANT' AS verb, g.grantee, g.privilege_type FROM aclexplode(d.defaclacl) g WHERE g.grantee <> d.defaclrole AND (n.oid IS NOT NULL
        OR NOT EXISTS (SELECT FROM aclexplode(usual) u WHERE u.grantee = g.grantee AND u.privilege_type = g.privilege_type))
      UNION ALL
      SELECT 'REVOKE', u.grantee, u.privilege_type FROM aclexplode(usual) u WHERE n.oid IS NULL AND u.grantee <> d.defaclrole
        AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) g WHERE g.grantee = u.grantee AND g.privilege_type = u.privilege_type)) a
  ORDER BY 1`

const ROW_SECURITY = `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity AS is_on,
    c.relrowsecurity AND c.relforcerowsecurity AS forced, row_security_active(c.oid) AS holds,
    (SELECT coalesce(json_agg(json_build_object('name', quote_ident(p.polname), 'permissive', p.polpermissive,
        'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        'roles', (SELECT string_agg(r.name, ', ' ORDER BY r.name) FROM (SELECT ${ROLE('u.oid')} AS name FROM unnest(p.polroles) u(oid)) r),
        'mark', ${MARK('e.conditions')}) ORDER BY p.polname), '[]')
      FROM pg_policy p, concat_ws(' CHECK ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) e(conditions)
      WHERE p.polrelid = c.oid) AS policies
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND ${OF_APP} AND (c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1`
