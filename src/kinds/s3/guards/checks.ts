import { type Check, row } from '../../../domain/finding.ts'
import { REMARKED } from '../remarks.ts'

/** What two buckets are compared by. In the order in which findings are told. */
export const COMPARED = {
  bucket: row('s3.bucket', 'info', 'free', 'Which bucket it is, by what the server tells: the very same one, or another.'),
  account: row(
    's3.account',
    'warn',
    'free',
    'The bucket belongs to another account: policies, shares and bills of the old one do not count there.',
  ),
  region: row(
    's3.region',
    'warn',
    'free',
    'The bucket is in another region: requests take longer, traffic costs, and the data leave where they had to stay.',
  ),
  listing: row(
    's3.listing',
    'error',
    'index',
    'Objects of the old bucket are missing in the new one, or differ in size or ETag. A warning where only some do.',
  ),
  newest: row(
    's3.newest',
    'warn',
    'index',
    'The newest object of the old bucket is younger than that of the new one: what was written after the copy is missing.',
  ),
  versioning: row(
    's3.versioning',
    'warn',
    'catalog',
    'The old bucket keeps versions and the new one does not: what is overwritten or deleted is gone.',
  ),
  encryption: row('s3.encryption', 'warn', 'catalog', 'The new bucket encrypts less, or by other keys than the old one.'),
  cors: row(
    's3.cors',
    'warn',
    'catalog',
    'Origins that the old bucket lets in are not let in by the new one: uploads and downloads of browsers fail.',
  ),
  lifecycle: row(
    's3.lifecycle',
    'warn',
    'catalog',
    'Rules that expire or move objects differ: the new bucket deletes what the old one keeps, or keeps for ever what was to go.',
  ),
  publicAccess: row(
    's3.public_access',
    'warn',
    'catalog',
    'One bucket is open to everyone and the other is not: links break, or private objects can be read.',
  ),
  objectLock: row(
    's3.object_lock',
    'warn',
    'catalog',
    'The old bucket locks its objects and the new one does not: what the law wants kept can be deleted.',
  ),
  clock: row(
    's3.clock',
    'warn',
    'free',
    'The clocks of this machine and of the server are minutes apart: at 15 minutes every request is refused.',
  ),
} as const satisfies Record<string, Check>

/** What is asked of a bucket that takes the place of another. */
export const S3_CHECKS = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
