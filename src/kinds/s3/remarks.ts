import { type Check, type Finding, found, row } from '../../domain/finding.ts'
import type { S3 } from './handle.ts'

/** What is found of one handle, or of one bucket, alone. */
export const REMARKED = {
  anonymous: row(
    's3.anonymous',
    'warn',
    'free',
    'The handle has no key: nothing is signed, and only what is open to everyone can be read.',
  ),
  regionAssumed: row(
    's3.region_assumed',
    'info',
    'free',
    'The handle names no region: us-east-1 is taken, and a bucket of another one refuses.',
  ),
  probeLeft: row('s3.probe_left', 'warn', 'free', 'The object that a probe of writing put there could not be deleted again.'),
} as const satisfies Record<string, Check>

/** What a parse found odd but not wrong. */
export function remarksOf(
  { login, files, unknown }: Pick<S3, 'login' | 'files' | 'unknown'>,
  { repeated, isRegionAssumed }: { readonly repeated: readonly string[]; readonly isRegionAssumed: boolean },
): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  if (login === null)
    remarks.push(
      found(REMARKED.anonymous, 'the handle has no key: nothing is signed', {
        remedy: 'write s3://KEY:SECRET@BUCKET unless everyone may read it',
      }),
    )
  if (isRegionAssumed)
    remarks.push(found(REMARKED.regionAssumed, 'no region is named: us-east-1 is taken', { remedy: 'write ?region=REGION' }))
  for (const key of unknown) {
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key'
    warn('handle.unknown_key', `${shown} means nothing here; clients pass over it or refuse it`, 'remove it, unless the app alone reads it')
  }
  for (const key of new Set(repeated))
    warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  if (files.ca !== undefined)
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  return remarks
}
