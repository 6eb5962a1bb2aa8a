import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { both, figure, firstOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { S3Sides } from '../sides.ts'

/** How it is set up. Pure, as all below. */
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
