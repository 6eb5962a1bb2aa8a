import { expect, test } from 'vitest'
import type { Told } from '../../../../src/domain/survey.ts'
import { identityOf } from '../../../../src/kinds/s3/guards/survey.ts'

const unknown = { unknown: 'the key may not ask' }

interface Answers {
  readonly name?: Told<string>
  readonly region?: Told<string>
  readonly isAmazon?: boolean
  readonly account?: Parameters<typeof identityOf>[1]
  readonly prefix?: string
  readonly bucket?: string
}

const identity = ({
  name = { is: 'shop' },
  region = { is: 'eu-west-1' },
  isAmazon = false,
  account = unknown,
  prefix = '',
  bucket = 'shop',
}: Answers) => identityOf({ name, region, isAmazon }, account, { prefix, bucket })

test.each<readonly [string, Answers, Told<string>]>([
  ['Amazon, whose names are one of a kind', { isAmazon: true }, { is: 'aws shop' }],
  ['Amazon under a prefix', { isAmazon: true, prefix: 'in/' }, { is: 'aws shop under in/' }],
  ['Amazon in China, whose names are another world', { isAmazon: true, region: { is: 'cn-north-1' } }, { is: 'aws-cn shop' }],
  ['Amazon for the government', { isAmazon: true, region: { is: 'us-gov-west-1' } }, { is: 'aws-us-gov shop' }],
  [
    'another store that lists it',
    { account: { is: { owner: 'me', made: '2026-01-01T00:00:00Z' } } },
    { is: 'me shop of 2026-01-01T00:00:00Z' },
  ],
  [
    'another store that lists others',
    { account: { is: { owner: 'me', made: null } } },
    { unknown: 'the bucket is not among those that the server lists for the key' },
  ],
  ['another store that lists nothing', {}, { unknown: 'only a list of buckets would tell one shop from another, and the key may not ask' }],
  ['an access point of Amazon', { isAmazon: true, name: { is: 'x-s3alias' }, bucket: 'x-s3alias' }, { unknown: expect.any(String) }],
  [
    'a store that calls it otherwise',
    { isAmazon: true, name: { is: 'other' } },
    { unknown: 'the server tells the bucket by another name' },
  ],
  ['a store that does not say its name', { name: unknown }, unknown],
])('%s', (_, told, expected) => {
  expect(identity(told)).toEqual(expected)
})
