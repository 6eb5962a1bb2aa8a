import type { KeptSurvey } from '../../domain/survey.ts'
import type { Probed } from '../ask.ts'

/** Two resources, as far as their handles and their probes tell of them. */
export interface Sides {
  readonly key: string
  readonly next: Side
  readonly old: Side
  /** Only credentials or parameters differ. */
  readonly within: boolean
  /** What stood there once comes back: a step back is told, and does not stand in the way where a step forward would. */
  readonly goesBack: boolean
  /** Where the present handle leads, redacted. */
  readonly oldTarget: string
  /** Speaks for the old one where that tells nothing. */
  readonly baseline: KeptSurvey | null
}

export interface Side {
  readonly resource: Pick<Probed['resource'], 'kind' | 'identity' | 'traits'>
  readonly report: Probed['report']
}

export const isKindChanged = ({ next, old }: Sides): boolean => nameOf(next) !== nameOf(old)

/** What sort of service it is, also where no kind speaks it. */
export const nameOf = ({ resource: { kind, identity } }: Side): string => identity.service ?? kind
