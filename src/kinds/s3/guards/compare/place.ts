import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { both, ofNext } from '../../../comparing.ts'
import { apart } from '../../failure.ts'
import { COMPARED } from '../checks.ts'
import type { S3Sides } from '../sides.ts'

/** Which bucket it is. Pure, as all below. */
export const bucket = (sides: S3Sides): Finding =>
  both(
    COMPARED.bucket,
    sides,
    ({ identity }) => identity,
    (old, next) => {
      if (old === next)
        return found(COMPARED.bucket, 'the very same bucket', {
          remedy: 'name another one, unless only the key or the endpoint is to change',
        })
      return passed(COMPARED.bucket, 'another bucket')
    },
  )

export const account = (sides: S3Sides): Finding =>
  both(
    COMPARED.account,
    sides,
    ({ owner }) => owner,
    (old, next) => {
      if (old === next) return passed(COMPARED.account, 'both belong to one account')
      return found(COMPARED.account, 'it belongs to another account than the old one', {
        remedy: 'look through the policies, the shares and the links that name the old account',
      })
    },
  )

export const region = (sides: S3Sides): Finding =>
  both(
    COMPARED.region,
    sides,
    (facts) => facts.region,
    (old, next) => {
      if (old === next) return passed(COMPARED.region, `${next} on both`)
      return found(COMPARED.region, `${next}, and the old one is in ${old}`, {
        remedy: 'see that the app is near to it, and that the data may be kept there',
      })
    },
  )

/** At 15 minutes requests are refused. */
const APART_MS = 5 * 60_000

export const clock = (sides: S3Sides): Finding =>
  ofNext(
    COMPARED.clock,
    sides,
    ({ aheadMs }) => aheadMs,
    (aheadMs) => {
      if (Math.abs(aheadMs) < APART_MS) return passed(COMPARED.clock, 'the clocks agree')
      return found(COMPARED.clock, `the clock of this machine is ${apart(-aheadMs)} that of the server`, {
        remedy: 'set the clock of this machine: timedatectl',
      })
    },
  )
