import { FAILOVER, GENERAL, REMARKS } from '../domain/checks.ts'
import type { Check } from '../domain/finding.ts'
import { KINDS } from '../kinds/registry.ts'

/** Every check there is, of all kinds: what --allow may name and attach.yaml may weigh. */
export const CHECKS: readonly Check[] = [
  ...Object.values(GENERAL),
  ...new Set(KINDS.flatMap(({ checks }) => checks)), // Web APIs share theirs.
  ...Object.values(FAILOVER),
  ...REMARKS,
]

export const isCheck = (id: string): boolean => CHECKS.some((check) => check.id === id)
