import type { Kind } from '../../ports/kind.ts'
import { identifyS3, parseS3, type S3, S3_SCHEMES, traitsOfS3 } from './handle.ts'
import { compose, decompose, replaceParts } from './parts.ts'

/** Amazon S3 and what speaks its API. https://docs.aws.amazon.com/AmazonS3/latest/API/ */
export const s3: Kind<S3> = {
  name: 's3',
  schemes: S3_SCHEMES,
  usualKey: 'S3_URL',
  depth: 'use',
  parse: parseS3,
  identify: identifyS3,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfS3,
  probe: async (resource, context) => (await import('./probe.ts')).probeS3(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openS3(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  writeProbe: async (resource, context) => (await import('./write-probe.ts')).writeProbe(resource, context),
  replaceParts,
  compose,
  decompose,
}

export default s3
