import { z } from 'zod'
import type { Document } from '../../src/domain/document.ts'

const release = z.int().min(0).meta({ description: 'The number of a committed operation: 1 is v1. 0 is what stood before it.' })
const text = z.string()
const outcome = z.enum(['changed', 'unchanged', 'planned', 'refused', 'reverted', 'unknown'])
const depth = z.enum(['resolve', 'connect', 'secure', 'speak', 'login', 'use'])
const actor = z.strictObject({ user: text, host: text, pid: z.int() })
const settled = z.enum(['yes', 'no', 'skipped'])

const change = z.strictObject({
  key: text,
  from: text.nullable().meta({ description: 'What the key held, redacted. null: it was absent.' }),
  to: text.nullable().meta({ description: 'What it holds, redacted. null: it is absent.' }),
  how: text.optional().meta({ description: 'What changed inside one resource, such as: same resource, password changed.' }),
  kept: z.boolean().optional().meta({ description: 'true: what is kept of a replaced handle, under a key of its own.' }),
})

const finding = z.strictObject({
  id: text.meta({ description: 'Stable, such as tls.unverified.' }),
  severity: z.enum(['error', 'warn', 'info']),
  status: z.enum(['pass', 'warn', 'fail', 'unknown']),
  detail: text,
  remedy: text.optional(),
  cost: z.enum(['free', 'catalog', 'index']).optional(),
  lowered: z
    .literal(true)
    .optional()
    .meta({ description: 'It weighs less than what its check finds usually does: attach.yaml does not raise it.' }),
  allowed: z.literal(true).optional().meta({ description: 'It would stand in the way, and was let pass by name (--allow).' }),
})

const facts = z.strictObject({
  product: text.optional(),
  version: text.optional(),
  role: z.enum(['primary', 'replica', 'unknown']).optional(),
  writable: z.union([z.boolean(), z.literal('unknown')]).optional(),
  tls: z.strictObject({ protocol: text, cipher: text, verified: z.boolean(), expires: text.optional() }).nullable().optional(),
  more: z.record(text, z.union([text, z.number(), z.boolean()])).optional(),
})

const probed = {
  stages: z.array(z.strictObject({ depth, ms: z.number().min(0) })),
  totalMs: z.number().min(0),
  facts,
  findings: z.array(finding),
}
const report = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), ...probed }),
  z.strictObject({
    ok: z.literal(false),
    ...probed,
    failedAt: depth,
    class: z.enum(['transient', 'permanent']),
    code: text,
    reason: text,
    hint: text,
  }),
])

const identity = z.strictObject({
  kind: text,
  scheme: text,
  host: text,
  port: z.int().optional(),
  others: z.array(text).optional(),
  name: text.optional(),
  user: text.optional(),
  tls: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']),
  service: text.optional().meta({ description: 'What the handle says it is, where no kind speaks it.' }),
  provider: text.optional(),
})

const attachment = z.strictObject({
  deploy: text.optional().meta({ description: 'Of where, which looks into many configs: the deploy, or the path of its config.' }),
  key: text,
  keys: z.array(text).optional().meta({ description: 'The variables that make its handle together.' }),
  kind: text,
  provider: text.nullable(),
  target: text,
  user: text.nullable().optional().meta({ description: 'Of where: who logs in. null: the handle does not say.' }),
  release: release
    .nullable()
    .meta({ description: 'The last release that wrote this key. null: none did, or it was not looked for (where reads no history).' }),
  edited: z.boolean().nullable().meta({ description: 'Changed outside since that release. null: that cannot be told.' }),
  value: text.optional().meta({ description: 'With --reveal only: the value itself, secrets included.' }),
})

const probe = z.strictObject({ key: text, kind: text, identity, side: z.enum(['new', 'old', 'attached']), report })

const candidate = z.strictObject({
  candidate: z.int().min(1).meta({ description: 'Its place among those that were given.' }),
  target: text,
  fit: z.boolean(),
  chosen: z.boolean(),
  reason: text.meta({ description: 'Why it is not fit, why another was taken, or what speaks for it.' }),
  position: z
    .strictObject({ line: text, at: text, unit: text })
    .nullable()
    .meta({ description: 'How far its data go: at is a whole number, to be compared within one line. null: it did not tell.' }),
  newest: z.iso.datetime().nullable().meta({ description: 'Its newest row. null: it did not tell.' }),
  findings: z.array(finding),
})

const row = z.strictObject({
  release: release.nullable().meta({ description: 'null: the operation made no release.' }),
  at: z.iso.datetime(),
  by: actor,
  verb: text,
  message: text.nullable(),
  verdict: z.enum(['committed', 'reverted', 'aborted', 'kept']),
  settled: settled.nullable(),
  changes: z.array(change),
  edited: z.array(text).meta({ description: 'Keys that had been edited outside before this release.' }),
  unprobed: z.boolean(),
  unhooked: z.boolean().meta({ description: 'Neither hook nor health was run, because it was asked for so.' }),
  why: text.nullable().meta({ description: 'Why it was put back, or did not settle.' }),
  allowed: z.array(text),
})

const open = z.strictObject({
  verb: text,
  keys: z.array(text),
  by: actor,
  since: z.iso.datetime(),
  owner: z.enum(['alive', 'dead', 'unknown']),
})

const settling = z
  .strictObject({
    hook: text.nullable().meta({ description: 'The command. null: there is none, or it was not to run.' }),
    health: text.nullable().meta({ description: 'The command, or the URL and what it must answer.' }),
    onFailure: z.enum(['revert', 'keep']).nullable().meta({ description: 'What becomes of a value that the app does not settle on.' }),
    settled: settled.nullable().meta({ description: 'null: nothing was run.' }),
    steps: z.array(
      z.strictObject({
        step: z.enum(['hook', 'health']),
        stands: z.enum(['new', 'old', 'standing']).meta({ description: 'Which values the app was made to pick up.' }),
        why: text.nullable().meta({ description: 'What was wrong. null: nothing.' }),
        ms: z.number().nonnegative(),
      }),
    ),
  })
  .meta({ description: 'How the app is made to pick up its config, and how that went. Absent: the deploy has neither hook nor health.' })

const unsettled = z.strictObject({
  release,
  verdict: z.enum(['committed', 'reverted', 'aborted', 'kept']),
  at: z.iso.datetime(),
  why: text.nullable(),
})

const ERRORS = [
  ...[
    'USAGE',
    'HANDLE_INVALID',
    'CONFIG_INVALID',
    'REFUSED',
    'PROBE_FAILED',
    'TIMED_OUT',
    'TIMED_OUT',
    'CONFLICT',
    'BUSY',
    'CLAIMED',
    'UNAVAILABLE',
    'DAMAGED',
  ],
  ...['INTERRUPTED', 'UNKNOWN', 'INCOMPLETE', 'UNSETTLED', 'BUG'],
] as const

/** What every command prints with `--json`: nothing more, nothing less. */
export const documentSchema = z
  .strictObject({
    schema: z.literal('attach/1'),
    verb: text,
    deploy: text.nullable(),
    exit: z.int().min(0).max(255).meta({ description: 'The exit number of the command: it says what state the deploy is in.' }),
    outcome,
    release: release.nullable().meta({ description: 'The release that was made.' }),
    changes: z.array(change),
    findings: z.array(z.strictObject({ key: text, ...finding.shape })),
    warnings: z.array(z.strictObject({ code: text, message: text })),
    undo: z.array(text).min(3).nullable().meta({ description: 'The command that takes the release back, word by word.' }),
    error: z.strictObject({ code: z.enum(ERRORS), message: text, hint: text.nullable() }).nullable(),
    attachments: z.array(attachment).optional(),
    probes: z.array(probe).optional(),
    releases: z.array(row).optional(),
    candidates: z.array(candidate).optional().meta({ description: 'Of a failover, in the order they were given.' }),
    open: open.nullable().optional(),
    settling: settling.optional(),
    unsettled: unsettled
      .nullable()
      .optional()
      .meta({ description: 'The last operation whose app did not settle, and that nobody mended since.' }),
    edited: z.array(text).optional().meta({ description: 'Keys edited outside since the last release that wrote them.' }),
    message: text.optional(),
  })
  .meta({ title: 'What an attach command prints with --json' })

/** The schema and the type are one: either of them with a field more does not compile. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
export type DocumentShape = z.infer<typeof documentSchema>
export const keysAgree: Same<keyof DocumentShape, keyof Document> = true

/** What is published in docs/. */
export const publishedSchema = (): object => z.toJSONSchema(documentSchema)
