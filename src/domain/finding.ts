/** How much a finding matters. `error` blocks: exit 3. */
export const SEVERITIES = ['error', 'warn', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** `unknown`: could not be asked, or may not be seen. Never a pass. */
export type FindingStatus = 'pass' | 'warn' | 'fail' | 'unknown'

/** What asking costs the server. `free`: it tells by itself. `catalog`: its own tables. `index`: a bounded look into tables of the app. */
export type Cost = 'free' | 'catalog' | 'index'

/** One check of a pre-flight: feeds the checks themselves, `--allow`, attach.yaml and the documents. */
export interface Check {
  /** Stable, and the same for all who write runbooks: `pg.recovery`. */
  readonly id: string
  /** Of what it finds, unless attach.yaml says otherwise. */
  readonly severity: Severity
  readonly cost: Cost
  /** What is compared, and what goes wrong in the app when it differs. One sentence. */
  readonly about: string
}

/** One row of a table of checks. */
export function row<const Id extends string>(id: Id, severity: Severity, cost: Cost, about: string) {
  return { id, severity, cost, about } as const
}

/** One result of a pre-flight check. */
export interface Finding {
  /** Stable: `pg.recovery`, `tls.unverified`. */
  readonly id: string
  readonly severity: Severity
  readonly status: FindingStatus
  /** One line, with figures, fit to print. */
  readonly detail: string
  /** What a person can run or do. */
  readonly remedy?: string
  readonly cost?: Cost
  /** It weighs less than what its check finds usually does, for a reason of its own: attach.yaml may lower it further, and does not raise it. */
  readonly lowered?: true
  /** It would stand in the way, and was let pass by name (--allow). */
  readonly allowed?: true
}

export interface KeyedFinding extends Finding {
  readonly key: string
}

/** Severities of attach.yaml, by the id of their check. */
export type Severities = ReadonlyMap<string, Severity>

/** Something is not as it should be. `severity`: where one check finds things that weigh differently. */
export const found = (
  { id, severity: usual, cost }: Check,
  detail: string,
  { remedy, severity = usual }: { readonly remedy?: string; readonly severity?: Severity } = {},
): Finding => ({
  id,
  severity,
  status: statusOf(severity),
  detail,
  ...(remedy === undefined ? {} : { remedy }),
  cost,
  ...(isLess(severity, usual) ? { lowered: true } : {}),
})

export const passed = ({ id, severity, cost }: Check, detail: string): Finding => ({ id, severity, status: 'pass', detail, cost })

/** `why`: what kept it from being known. */
export const unknown = ({ id, severity, cost }: Check, why: string, remedy?: string): Finding => ({
  id,
  severity,
  status: 'unknown',
  detail: why,
  ...(remedy === undefined ? {} : { remedy }),
  cost,
})

/** What `error` finds is a fail; the rest is worth a look. */
const statusOf = (severity: Severity): FindingStatus => (severity === 'error' ? 'fail' : 'warn')

const isLess = (one: Severity, other: Severity): boolean => SEVERITIES.indexOf(one) > SEVERITIES.indexOf(other)

/** The finding as attach.yaml weighs it. A pass stays one, and so does what is unknown; what weighs less than usual is made no heavier. */
export function weighed(finding: Finding, severities: Severities): Finding {
  const severity = severities.get(finding.id)
  if (severity === undefined || (finding.lowered === true && isLess(finding.severity, severity))) return finding
  const { status } = finding
  return { ...finding, severity, status: status === 'pass' || status === 'unknown' ? status : statusOf(severity) }
}

/** Whether a finding stands in the way. `strict`: so do warnings, and what could not be found out. */
export const blocks = ({ severity, status }: Finding, how: 'usual' | 'strict'): boolean =>
  how === 'usual' ? status === 'fail' : status !== 'pass' && severity !== 'info'
