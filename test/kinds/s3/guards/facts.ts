import type { Survey } from '../../../../src/domain/survey.ts'
import type { S3Facts } from '../../../../src/kinds/s3/guards/sides.ts'

type Objects = Extract<S3Facts['objects'], { readonly is: unknown }>['is']
type Sample = Extract<S3Facts['sample'], { readonly is: unknown }>['is']

export const objects = (more: Partial<Objects> = {}): S3Facts['objects'] => ({
  is: { count: 20, bytes: 2_000, isWhole: true, newest: '2026-05-01T00:00:00.000Z', ...more },
})

export const sample = (more: Partial<Sample> = {}): S3Facts['sample'] => ({
  is: { asked: 20, found: 20, missing: [], resized: 0, retagged: 0, ...more },
})

/** A healthy bucket, called `id` by its server. */
export const facts = (id: string, parts: Partial<S3Facts> = {}): S3Facts => ({
  identity: { is: `owner ${id}` },
  name: { is: id },
  owner: { is: 'owner' },
  region: { is: 'eu-west-1' },
  aheadMs: { is: 400 },
  objects: objects(),
  first: { is: [['a', 1, 'x']] },
  sample: sample(),
  versioning: { is: 'enabled' },
  encryption: { is: 'AES256' },
  cors: { is: ['GET https://app.example', 'PUT https://app.example'] },
  lifecycle: { is: ['expire after 30 days under tmp/'] },
  isBlocked: { is: true },
  isPublic: { is: false },
  objectLock: { is: false },
  ...parts,
})

export const surveyOf = (some: S3Facts): Survey => ({
  kind: 's3',
  takenAt: '2026-05-01T00:00:00.000Z',
  resource: some.identity,
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: some,
})
