import { ageText } from '../../../domain/duration.ts'
import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import { both, bytes, figure, firstOf, ofNext } from '../../comparing.ts'
import { apart } from '../failure.ts'
import { COMPARED } from './checks.ts'
import type { S3Facts, S3Sides } from './sides.ts'

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

export function listing(sides: S3Sides): Finding {
  const check = COMPARED.listing
  const isCache = sides.comparison.use === 'cache'
  const all = isCache ? 'warn' : 'error'
  const remedy = 'copy what is missing: aws s3 sync s3://OLD s3://NEW (--dryrun shows it first), or rclone sync'
  return both(
    check,
    sides,
    ({ objects }) => objects,
    (old, next) => {
      const figures = `${counted(next)}, and the old one holds ${counted(old)}`
      if (old.count === 0) return passed(check, `the old one is empty; the new one holds ${counted(next)}`)
      if (next.count === 0) return found(check, `empty: the old one holds ${counted(old)}`, { severity: all, remedy })
      const { sample } = sides.next
      if (!('is' in sample)) return unknown(check, `${figures}; ${sample.unknown}`)
      const { asked, found: standing, missing, resized, retagged } = sample.is
      if (asked > 0 && standing === 0)
        return found(check, `none of the first ${figure(asked, 'object')} of the old one stands there; ${figures}`, {
          severity: all,
          remedy,
        })
      const tags = isRetagged(sides) ? retagged : 0
      const wrong = [
        ...(standing < asked
          ? [
              `${asked - standing} of the first ${figure(asked, 'object')} of the old one are missing (${namesOf(missing, asked - standing)})`,
            ]
          : []),
        ...(resized > 0 ? [`${figure(resized, 'object')} of another size`] : []),
        ...(tags > 0 ? [`${figure(tags, 'object')} of the same size and another ETag`] : []),
        ...(next.isWhole && next.count < old.count ? ['it holds fewer'] : []),
      ]
      if (wrong.length > 0) return found(check, `${wrong.join('; ')}; ${figures}`, { severity: 'warn', remedy })
      return passed(check, `${figures}; the first ${figure(asked, 'object')} of the old one stand there`)
    },
  )
}

const namesOf = (names: readonly string[], count: number): string =>
  count > names.length ? `${names.join(', ')} and ${count - names.length} more` : firstOf(names)

/** Where every ETag differs, or a key of KMS makes them, they are made in another way and say nothing of the content. */
function isRetagged({ old, next }: S3Sides): boolean {
  if (!('is' in next.sample)) return false
  const isByKey = [old, next].some((side) => side !== null && 'is' in side.encryption && side.encryption.is.startsWith('aws:kms'))
  const { found: standing, retagged } = next.sample.is
  return !isByKey && !(standing >= 10 && retagged === standing)
}

const counted = ({ count, bytes: size, isWhole }: Extract<S3Facts['objects'], { readonly is: unknown }>['is']): string =>
  `${isWhole ? '' : 'more than '}${figure(count, 'object')} (${bytes(size)})`

/** A copy is younger than what it is of: an old one with a younger object was written to since. */
export const newest = (sides: S3Sides): Finding =>
  both(
    COMPARED.newest,
    sides,
    ({ objects }) => objects,
    (old, next) => {
      const check = COMPARED.newest
      if (!old.isWhole || !next.isWhole) return unknown(check, 'there are more objects than are looked at')
      if (old.newest === null) return passed(check, 'the old one is empty')
      if (next.newest === null) return found(check, 'the new one is empty', { remedy: 'copy the objects there' })
      const behind = Date.parse(old.newest) - Date.parse(next.newest)
      if (behind <= 0) return passed(check, `the newest object is of ${next.newest}`)
      return found(check, `the old one was written to ${ageText(behind)} after the newest object of the new one`, {
        remedy: 'copy once more after the last write: aws s3 sync s3://OLD s3://NEW',
      })
    },
  )

export const versioning = (sides: S3Sides): Finding =>
  both(
    COMPARED.versioning,
    sides,
    (facts) => facts.versioning,
    (old, next) => {
      if (old !== 'enabled' || next === 'enabled') return passed(COMPARED.versioning, next)
      return found(COMPARED.versioning, `${next}, and the old one keeps versions`, {
        remedy: 'aws s3api put-bucket-versioning --bucket NEW --versioning-configuration Status=Enabled',
      })
    },
  )

export const encryption = (sides: S3Sides): Finding =>
  both(
    COMPARED.encryption,
    sides,
    (facts) => facts.encryption,
    (old, next) => {
      const check = COMPARED.encryption
      if (old === next || (old === 'none' && next !== 'none')) return passed(check, next)
      return found(check, `${next}, and the old one has ${old}`, {
        remedy: 'aws s3api put-bucket-encryption sets what a bucket encrypts by',
      })
    },
  )

export const cors = (sides: S3Sides): Finding =>
  both(
    COMPARED.cors,
    sides,
    (facts) => facts.cors,
    (old, next) => {
      const check = COMPARED.cors
      if (next.includes('* *')) return passed(check, 'everyone is let in')
      const lost = old.filter((pair) => !next.includes(pair) && !next.includes(`${pair.slice(0, pair.indexOf(' '))} *`))
      if (lost.length === 0)
        return passed(check, old.length === 0 ? 'the old one has no rules' : `all ${figure(old.length, 'rule')} of the old one`)
      return found(check, `browsers may no longer: ${firstOf(lost)}`, {
        remedy: 'aws s3api get-bucket-cors on the old one, and put-bucket-cors on the new one',
      })
    },
  )

export const lifecycle = (sides: S3Sides): Finding =>
  both(
    COMPARED.lifecycle,
    sides,
    (facts) => facts.lifecycle,
    (old, next) => {
      const check = COMPARED.lifecycle
      const [lost, gained] = [old.filter((rule) => !next.includes(rule)), next.filter((rule) => !old.includes(rule))]
      const wrong = [
        ...(gained.length > 0 ? [`new there: ${firstOf(gained)}`] : []),
        ...(lost.length > 0 ? [`missing there: ${firstOf(lost)}`] : []),
      ]
      if (wrong.length === 0) return passed(check, next.length === 0 ? 'neither has rules' : `the same ${figure(next.length, 'rule')}`)
      return found(check, wrong.join('; '), { remedy: 'aws s3api get-bucket-lifecycle-configuration shows the rules of each' })
    },
  )

export function publicAccess(sides: S3Sides): Finding {
  const check = COMPARED.publicAccess
  return both(
    check,
    sides,
    ({ isPublic }) => isPublic,
    (wasPublic, isPublic) => {
      if (isPublic && !wasPublic)
        return found(check, 'everyone may read it, and not the old one', { remedy: 'aws s3api get-bucket-policy shows what opens it' })
      return both(
        check,
        sides,
        ({ isBlocked }) => isBlocked,
        (wasBlocked, isBlocked) => {
          if (wasPublic && (!isPublic || isBlocked)) {
            const why = isBlocked ? 'it blocks public access' : 'its policy opens nothing'
            return found(check, `the old one is open to everyone, and the new one is not: ${why}`, {
              remedy: 'links that everyone opens would break: give it the policy of the old one, if that is meant',
            })
          }
          if (wasBlocked && !isBlocked)
            return found(check, 'the old one blocks public access, and the new one does not', {
              remedy: 'aws s3api put-public-access-block on the new one',
            })
          return passed(check, isBlocked ? 'public access is blocked' : isPublic ? 'both are open to everyone' : 'no policy opens it')
        },
      )
    },
  )
}

export const objectLock = (sides: S3Sides): Finding =>
  both(
    COMPARED.objectLock,
    sides,
    (facts) => facts.objectLock,
    (old, next) => {
      if (!old || next) return passed(COMPARED.objectLock, next ? 'it locks its objects' : 'neither locks its objects')
      return found(COMPARED.objectLock, 'the old one locks its objects, and the new one does not', {
        remedy: 'aws s3api put-object-lock-configuration on the new one, which has to keep versions',
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
