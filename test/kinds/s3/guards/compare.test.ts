import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import type { S3Facts } from '../../../../src/kinds/s3/guards/sides.ts'
import type { Comparison } from '../../../../src/ports/kind.ts'
import { facts, objects, sample, surveyOf } from './facts.ts'
import { judge, notPassed } from './pair.ts'

type Parts = Partial<S3Facts>

const judged = async (old: Parts | null, next: Parts = {}, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> =>
  await judge(old === null ? null : surveyOf(facts('old', old)), surveyOf(facts('next', next)), more)

/** What one check says of two buckets. */
const says = async (id: string, ...sides: Parameters<typeof judged>): Promise<Finding> =>
  (await judged(...sides)).get(id) ?? expect.fail(`no check ${id}`)

test('two buckets with the same in them differ in nothing', async () => {
  expect(notPassed(await judged({}))).toEqual([])
})

test('of a dead one nothing is known, and what the new one tells by itself is still told', async () => {
  const findings = await judged(null)
  expect([...findings.values()].filter(({ status }) => status === 'pass').map(({ id }) => id)).toEqual(['s3.clock'])
  expect(notPassed(findings).filter((line) => !line.includes('unknown'))).toEqual([])
})

test.each(Object.keys(facts('x')))('a new one that does not tell of its %s passes nothing by it', async (part) => {
  const before = [...(await judged({})).values()]
  const blind = await judged({}, { [part]: { unknown: 'the key may not ask' } })
  const ASKED: Readonly<Record<string, readonly string[]>> = {
    ...{
      identity: ['s3.bucket'],
      owner: ['s3.account'],
      region: ['s3.region'],
      aheadMs: ['s3.clock'],
      objects: ['s3.listing', 's3.newest'],
    },
    ...{ sample: ['s3.listing'], isBlocked: ['s3.public_access'], isPublic: ['s3.public_access'], objectLock: ['s3.object_lock'] },
  }
  const ids = ASKED[part] ?? (['name', 'first'].includes(part) ? [] : [`s3.${part}`])
  expect(before.every(({ status }) => status === 'pass')).toBe(true)
  expect([...blind.values()].filter(({ status }) => status === 'unknown').map(({ id }) => id)).toEqual(ids)
})

describe('where it stands', () => {
  test('the very same bucket is told', async () => {
    expect(await says('s3.bucket', { identity: { is: 'x' } }, { identity: { is: 'x' } })).toMatchObject({
      status: 'warn',
      severity: 'info',
      detail: 'the very same bucket',
    })
  })

  test('another account, and another region, are warned about', async () => {
    expect(await says('s3.account', {}, { owner: { is: 'another' } })).toMatchObject({
      status: 'warn',
      detail: expect.not.stringContaining('another owner'),
    })
    expect(await says('s3.region', {}, { region: { is: 'us-east-1' } })).toMatchObject({
      status: 'warn',
      detail: 'us-east-1, and the old one is in eu-west-1',
    })
  })

  test.each([
    [400, 'pass', 'the clocks agree'],
    [-4 * 60_000, 'pass', 'the clocks agree'],
    [10 * 60_000, 'warn', 'the clock of this machine is 10 minutes behind that of the server'],
    [-10 * 60_000, 'warn', 'the clock of this machine is 10 minutes ahead of that of the server'],
  ])('a server that is %i ms ahead: %s', async (aheadMs, status, detail) => {
    expect(await says('s3.clock', null, { aheadMs: { is: aheadMs } })).toMatchObject({ status, detail })
  })
})

describe('what stands there', () => {
  test('an empty one in the place of a full one is refused, and warned about where it is a cache', async () => {
    const empty = { objects: objects({ count: 0, bytes: 0, newest: null }), sample: sample({ found: 0 }) }
    expect(await says('s3.listing', {}, empty)).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: 'empty: the old one holds 20 objects (2 KiB)',
    })
    expect(await says('s3.listing', {}, empty, { use: 'cache' })).toMatchObject({ status: 'warn' })
    expect(await says('s3.listing', empty, empty)).toMatchObject({ status: 'pass' })
    expect(await says('s3.newest', {}, empty)).toMatchObject({ status: 'warn', detail: 'the new one is empty' })
  })

  test('one with other objects is refused', async () => {
    const finding = await says('s3.listing', {}, { sample: sample({ found: 0, missing: ['a', 'b', 'c'] }) })
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^none of the first 20 objects of the old one stands there/),
    })
  })

  test('some that are missing, of another size, or with another ETag are warned about with their figures', async () => {
    const finding = await says(
      's3.listing',
      {},
      { objects: objects({ count: 15 }), sample: sample({ found: 15, missing: ['a', 'b', 'c'], resized: 2, retagged: 1 }) },
    )
    expect(finding).toMatchObject({ status: 'warn', severity: 'warn', remedy: expect.stringContaining('aws s3 sync') })
    expect(finding.detail).toBe(
      '5 of the first 20 objects of the old one are missing (a, b, c and 2 more); 2 objects of another size; 1 object of the same size and another ETag; it holds fewer; 15 objects (2 KiB), and the old one holds 20 objects (2 KiB)',
    )
  })

  test('ETags that are made in another way say nothing', async () => {
    const all = { sample: sample({ retagged: 20 }) }
    expect(await says('s3.listing', {}, all)).toMatchObject({ status: 'pass' })
    const some = { sample: sample({ retagged: 3 }) }
    expect(await says('s3.listing', {}, some)).toMatchObject({ status: 'warn' })
    expect(await says('s3.listing', { encryption: { is: 'aws:kms' } }, some)).toMatchObject({ status: 'pass' })
  })

  test('fewer objects are told even where the first of them are there, and not where more may stand there', async () => {
    expect(await says('s3.listing', {}, { objects: objects({ count: 12 }) })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('it holds fewer'),
    })
    expect(
      await says(
        's3.listing',
        { objects: objects({ count: 10_000, isWhole: false }) },
        { objects: objects({ count: 10_000, isWhole: false }) },
      ),
    ).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('more than 10,000 objects'),
    })
  })

  test('one that was copied before the last write is warned about', async () => {
    const at = (newest: string, isWhole = true) => ({ objects: objects({ newest, isWhole }) })
    expect(await says('s3.newest', at('2026-05-01T03:00:00Z'), at('2026-05-01T00:00:00Z'))).toMatchObject({
      status: 'warn',
      detail: 'the old one was written to 3 h after the newest object of the new one',
    })
    expect(await says('s3.newest', at('2026-05-01T00:00:00Z'), at('2026-05-02T00:00:00Z'))).toMatchObject({ status: 'pass' })
    expect(await says('s3.newest', at('2026-05-01T00:00:00Z', false), at('2026-05-02T00:00:00Z'))).toMatchObject({ status: 'unknown' })
  })
})

describe('how it is set up', () => {
  test.each<readonly [string, Parts, Parts, string, string]>([
    ['s3.versioning', {}, { versioning: { is: 'suspended' } }, 'warn', 'suspended, and the old one keeps versions'],
    ['s3.versioning', { versioning: { is: 'none' } }, {}, 'pass', 'enabled'],
    ['s3.encryption', {}, { encryption: { is: 'none' } }, 'warn', 'none, and the old one has AES256'],
    ['s3.encryption', { encryption: { is: 'aws:kms' } }, {}, 'warn', 'AES256, and the old one has aws:kms'],
    ['s3.encryption', { encryption: { is: 'none' } }, {}, 'pass', 'AES256'],
    ['s3.cors', {}, { cors: { is: ['GET *'] } }, 'warn', 'browsers may no longer: PUT https://app.example'],
    ['s3.cors', {}, { cors: { is: ['GET *', 'PUT *'] } }, 'pass', 'all 2 rules of the old one'],
    ['s3.cors', { cors: { is: [] } }, { cors: { is: [] } }, 'pass', 'the old one has no rules'],
    ['s3.lifecycle', {}, { lifecycle: { is: [] } }, 'warn', 'missing there: expire after 30 days under tmp/'],
    ['s3.lifecycle', { lifecycle: { is: [] } }, { lifecycle: { is: ['expire after 1 days'] } }, 'warn', 'new there: expire after 1 days'],
    ['s3.lifecycle', { lifecycle: { is: [] } }, { lifecycle: { is: [] } }, 'pass', 'neither has rules'],
    ['s3.public_access', {}, { isBlocked: { is: false } }, 'warn', 'the old one blocks public access, and the new one does not'],
    ['s3.public_access', {}, { isBlocked: { is: false }, isPublic: { is: true } }, 'warn', 'everyone may read it, and not the old one'],
    [
      's3.public_access',
      { isBlocked: { is: false }, isPublic: { is: true } },
      {},
      'warn',
      'the old one is open to everyone, and the new one is not: it blocks public access',
    ],
    ['s3.public_access', { isBlocked: { is: false } }, {}, 'pass', 'public access is blocked'],
    ['s3.object_lock', { objectLock: { is: true } }, {}, 'warn', 'the old one locks its objects, and the new one does not'],
    ['s3.object_lock', {}, { objectLock: { is: true } }, 'pass', 'it locks its objects'],
  ])('%s of %j to %j: %s', async (id, old, next, status, detail) => {
    expect(await says(id, old, next)).toMatchObject({ status, detail })
  })
})
