import type { core } from 'zod'
import { countSchema, toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions } from '../../../questions.ts'
import { flag, list, OF_APP, text, whole } from './asking.ts'

const guardedSchema = (z: Zod) =>
  z.strictObject({
    table: z.string(),
    state: z.enum(['on', 'forced', 'off']),
    /** Whether it holds for the role that asks. */
    holds: z.boolean(),
    policies: countSchema(z),
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
      policies: whole(row, 'policies'),
    })),
  }
}

const ROLE = (oid: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(${oid}) = current_user THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(${oid})) END`

const DEFAULTS = `SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s GRANT %s ON %s TO %s', ${ROLE('d.defaclrole')},
    CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END, a.privilege_type,
    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS'
      ELSE 'LARGE OBJECTS' END, ${ROLE('a.grantee')}) AS line
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
  ORDER BY 1`

const ROW_SECURITY = `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity AS is_on,
    c.relrowsecurity AND c.relforcerowsecurity AS forced, row_security_active(c.oid) AS holds,
    (SELECT count(*)::text FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND ${OF_APP} AND (c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1`
