import type { core } from 'zod'
import { SETTLE_DEFAULTS } from '../../domain/deploy.ts'
import { DURATION_MS_MAX, millisecondsIn } from '../../domain/duration.ts'
import { SEVERITIES } from '../../domain/finding.ts'
import { EXPECTATIONS } from '../../domain/probe.ts'
import { secretsIn } from '../../domain/redact.ts'
import { USES } from '../../domain/survey.ts'
import { ENV_KEY } from '../../formats/dotenv.ts'
import { READERS } from '../../formats/reader-names.ts'
import { KINDS } from '../../kinds/registry.ts'
import { AGE_DAYS_MAX, ENTRIES, GUARDS, KEYS, type KeyInfo, PARTS } from './keys.ts'

type Zod = typeof import('zod').z

/** attach.yaml, right in its form. */
export type ProjectForm = core.output<ReturnType<typeof projectSchema>>
export type DeployForm = ProjectForm['deploys'][string]
export type ResourceForm = NonNullable<ProjectForm['resources']>[string]
export type FreshForm = Exclude<NonNullable<Exclude<ResourceForm['expect'], string>>['fresh'], undefined>

/** What attach.yaml may hold, but for what a look at the disk tells. A message that begins with `expected` is to be followed by what was found. */
export function projectSchema(z: Zod) {
  const { project } = KEYS
  const deploys = z.record(z.string().regex(DEPLOY_NAME, expected(ENTRIES.deploys.name)), deployForm(z), expected(project.deploys.expected))
  const resources = z.record(
    z.string().regex(ENV_KEY, expected(ENTRIES.resources.name)),
    resourceForm(z),
    expected(project.resources.expected),
  )
  return z
    .strictObject(
      {
        default: z.string(expected(project.default.expected)).meta(about(project.default)).optional(),
        deploys: deploys
          .refine((some) => Object.keys(some).length > 0, expected('at least one deploy'))
          .meta({ ...about(project.deploys), minProperties: 1 }),
        resources: resources.meta(about(project.resources)).optional(),
      },
      expected('a mapping with deploys'),
    )
    .meta({ title: 'attach.yaml', description: 'The deploys of one directory, and how each is to be handled.' })
}

const DEPLOY_NAME = /^[A-Za-z0-9._-]+$/

const expected = (words: string) => ({ error: `expected ${words}` })
const about = (info: KeyInfo) => ({ description: info.about })

function deployForm(z: Zod) {
  const { config, protected: guarded, readers, 'on-failure': onFailure } = KEYS.deploy
  const reader = z.enum(READERS, expected('the name of a reader'))
  return z.strictObject(
    {
      config: z.string(expected(config.expected)).min(1, expected(config.expected)).meta(about(config)),
      protected: z.boolean(expected(guarded.expected)).meta(about(guarded)).optional(),
      readers: z.array(reader, expected(readers.expected)).meta(about(readers)).optional(),
      hook: hookForm(z).optional(),
      health: healthForm(z).optional(),
      'on-failure': z.enum(['revert', 'keep'], expected(onFailure.expected)).meta(about(onFailure)).optional(),
    },
    expected(ENTRIES.deploys.expected),
  )
}

function hookForm(z: Zod) {
  const { run, timeout } = KEYS.hook
  const whole = z.strictObject({ run: commandForm(z, run), timeout: timeForm(z, timeout).optional() })
  return z.union([lineForm(z), wordsForm(z), whole], expected(KEYS.deploy.hook.expected)).meta(about(KEYS.deploy.hook))
}

function healthForm(z: Zod) {
  const { url, status, body, run, successes, interval, timeout } = KEYS.health
  const address = z.string(expected(url.expected)).regex(HTTP, expected(url.expected)).refine(isFitAddress, expected(url.expected))
  return z
    .strictObject(
      {
        url: address.meta(about(url)).optional(),
        status: numberForm(z, status, { least: 100, most: 599 }).optional(),
        body: z.string(expected(body.expected)).min(1, { error: 'an empty text: every answer holds it' }).meta(about(body)).optional(),
        run: commandForm(z, run).optional(),
        successes: numberForm(z, successes, { least: 1, most: 1_000 }).optional(),
        interval: timeForm(z, interval).optional(),
        timeout: timeForm(z, timeout).optional(),
      },
      expected(KEYS.deploy.health.expected),
    )
    .superRefine((health, { addIssue }) => {
      const say = (message: string, ...path: readonly string[]) => addIssue({ code: 'custom', message, path: [...path] })
      if ((health.url === undefined) === (health.run === undefined)) say('needs one of url and run')
      else if (health.url === undefined && health.status !== undefined) say('goes with url, not with run', 'status')
      else if (health.url === undefined && health.body !== undefined) say('goes with url, not with run', 'body')
      if (!canSettle(health)) say('can never be well: so many successes so far apart take longer than its timeout')
    })
    .meta({
      ...about(KEYS.deploy.health),
      oneOf: [{ required: ['url'] }, { required: ['run'], properties: { status: false, body: false } }],
    })
}

function resourceForm(z: Zod) {
  const { kind, use, variables, guards } = KEYS.resource
  const kinds = KINDS.map(({ name }) => name)
  const form = z.strictObject(
    {
      kind: z.enum(kinds, expected(kind.expected)).meta(about(kind)).optional(),
      expect: expectForm(z).optional(),
      use: z.enum(USES, expected(use.expected)).meta(about(use)).optional(),
      variables: variablesForm(z).meta(about(variables)).optional(),
      guards: guardsForm(z).meta(about(guards)).optional(),
    },
    expected(ENTRIES.resources.expected),
  )
  return form.superRefine(({ kind: name, variables: held }, { addIssue }) => {
    const say = (message: string, ...path: readonly string[]) => addIssue({ code: 'custom', message, path: ['variables', ...path] })
    if (held === undefined) return
    const [usual] = KINDS.find((row) => row.name === name)?.variables ?? []
    if (usual === undefined) return say(name === undefined ? 'goes with kind' : 'goes with a kind whose handles variables can hold')
    const parts = Object.keys(usual.parts)
    for (const part of Object.keys(held))
      if (!parts.includes(part)) say(`is no part of a handle of ${name}: the parts are ${parts.join(', ')}`, part)
    const names = Object.values(held)
    if (new Set(names).size < names.length) say('names one variable twice')
  })
}

function variablesForm(z: Zod) {
  const shape: Readonly<Record<string, ReturnType<typeof variableForm>>> = Object.fromEntries(
    Object.entries(PARTS).map(([part, info]) => [part, variableForm(z, info)]),
  )
  return z.strictObject(shape, expected(KEYS.resource.variables.expected))
}

const variableForm = (z: Zod, info: KeyInfo) =>
  z
    .string(expected(info.expected))
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, expected(info.expected))
    .meta(about(info))
    .optional()

/** The mapping stands first: of a union, that branch speaks whose type fits. */
function expectForm(z: Zod) {
  const { role, fresh } = KEYS.expect
  const roles = z.enum(EXPECTATIONS, expected(role.expected))
  const mapping = z
    .strictObject({ role: roles.meta(about(role)).optional(), fresh: freshForm(z).meta(about(fresh)).optional() })
    .refine((some) => some.role !== undefined || some.fresh !== undefined, { error: 'needs role, fresh, or both' })
    .meta({ minProperties: 1 })
  return z.union([mapping, roles], expected(KEYS.resource.expect.expected)).meta(about(KEYS.resource.expect))
}

function freshForm(z: Zod) {
  const { table, column, within } = KEYS.fresh
  return z.strictObject(
    {
      table: z.string(expected(table.expected)).regex(TABLE, expected(table.expected)).meta(about(table)),
      column: z.string(expected(column.expected)).regex(COLUMN, expected(column.expected)).meta(about(column)),
      within: timeForm(z, within, AGE_DAYS_MAX * DURATION_MS_MAX),
    },
    expected(KEYS.expect.fresh.expected),
  )
}

function guardsForm(z: Zod) {
  const weights = Object.entries(GUARDS).map(([id, info]) => [id, z.enum(SEVERITIES, expected(info.expected)).meta(about(info)).optional()])
  const shape: Readonly<Record<string, ReturnType<typeof severityForm>>> = Object.fromEntries(weights)
  return z.strictObject(shape, expected(KEYS.resource.guards.expected))
}

const severityForm = (z: Zod) => z.enum(SEVERITIES).optional()

/** Names as they are, without quotes: a dot parts a schema from its table. */
const TABLE = /^[^.]{1,63}(\.[^.]{1,63})?$/
const COLUMN = /^.{1,63}$/

const commandForm = (z: Zod, info: KeyInfo) => z.union([lineForm(z), wordsForm(z)], expected(info.expected)).meta(about(info))

const lineForm = (z: Zod) => z.string().regex(/\S/, { error: 'a blank text: expected a command line' })

const wordsForm = (z: Zod) =>
  z
    .array(z.string(expected('a word, in quotes where it looks like a number')))
    .min(1, expected('at least one word'))
    .refine(([program]) => program?.trim() !== '', { error: 'the first word is blank: expected the name of a program' })

function timeForm(z: Zod, info: KeyInfo, mostMs = DURATION_MS_MAX) {
  const words = expected(info.expected)
  const number = z
    .int(words)
    .min(1, words)
    .max(mostMs / 1_000, words)
  return z
    .union([z.string().regex(/^\d{1,9}(ms|s|m)?$/, words), number], words)
    .refine((time) => isFitTime(time, mostMs), words)
    .meta(about(info))
}

function numberForm(z: Zod, info: KeyInfo, { least, most }: { readonly least: number; readonly most: number }) {
  const words = expected(info.expected)
  return z.int(words).min(least, words).max(most, words).meta(about(info))
}

type Times = Partial<Record<'interval' | 'timeout', string | number | undefined>> & { readonly successes?: number | undefined }

function canSettle({ successes = SETTLE_DEFAULTS.successes, interval, timeout }: Times): boolean {
  const intervalMs = interval === undefined ? SETTLE_DEFAULTS.intervalMs : (millisecondsIn(String(interval)) ?? 0)
  const timeoutMs = timeout === undefined ? SETTLE_DEFAULTS.healthMs : (millisecondsIn(String(timeout)) ?? Number.POSITIVE_INFINITY)
  return (successes - 1) * intervalMs < timeoutMs
}

function isFitTime(value: string | number, mostMs: number): boolean {
  const ms = millisecondsIn(String(value))
  return ms !== null && ms > 0 && ms <= mostMs
}

const HTTP = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/]\S*$/

/** attach.yaml is shared and shown: what could be a secret has no place in an address. */
export const isFitAddress = (url: string): boolean => HTTP.test(url) && URL.canParse(url) && secretsIn(url).length === 0
