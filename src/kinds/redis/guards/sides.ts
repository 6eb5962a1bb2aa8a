import type { core } from 'zod'
import { type Check, type Finding, unknown } from '../../../domain/finding.ts'
import type { Told, Use } from '../../../domain/survey.ts'
import type { Comparison } from '../../../ports/kind.ts'
import type { Zod } from '../../told-schema.ts'
import { accessSchema } from './access/survey.ts'
import { keysSchema } from './content/keys.ts'
import { queuesSchema } from './content/queues/survey.ts'
import { serverSchema } from './server/survey.ts'
import { settingsSchema } from './settings/survey.ts'

export const factsSchema = (z: Zod) =>
  z.strictObject({
    server: serverSchema(z),
    access: accessSchema(z),
    settings: settingsSchema(z),
    keys: keysSchema(z),
    queues: queuesSchema(z),
  })

export type RedisFacts = core.output<ReturnType<typeof factsSchema>>

/** Two servers that are compared. */
export interface Sides {
  /** Null: it told nothing. */
  readonly old: RedisFacts | null
  readonly next: RedisFacts
  readonly comparison: Comparison
  /** What attach.yaml says, else what was found there. Null: nobody knows. */
  readonly use: Use | null
}

/** What one part of both told. */
export function both<T>(
  check: Check,
  { old, next, comparison }: Sides,
  part: (facts: RedisFacts) => Told<T>,
  judge: (old: T, next: T) => Finding,
): Finding {
  const theirs = part(next)
  if (!('is' in theirs)) return unknown(check, `the new one: ${theirs.unknown}`)
  if (old === null) return unknown(check, silenceOf(comparison))
  const ours = part(old)
  return 'is' in ours ? judge(ours.is, theirs.is) : unknown(check, `the old one: ${ours.unknown}`)
}

export const silenceOf = ({ oldSilent }: Comparison): string => oldSilent ?? 'the old one told nothing'

/** Whether losing keys is more than having to make them again. */
export const holdsMore = ({ use }: Sides): boolean => use === 'queue' || use === 'store'

/** The first three, and how many more there are. */
export const firstOf = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

/** `1,234 keys`, `1 key`. */
export const figure = (count: number, what: string): string => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`

/** `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  const size = count / 1024 ** step
  return `${size.toLocaleString('en-US', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[step]}`
}
