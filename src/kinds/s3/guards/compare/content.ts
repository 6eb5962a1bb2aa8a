import { ageText } from '../../../../domain/duration.ts'
import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, bytes, figure, firstOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { S3Facts, S3Sides } from '../sides.ts'

/** What stands there. Pure, as all below. */
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
