import { expect, test } from 'vitest'
import type { Key } from '../../../src/domain/change.ts'
import { Secret } from '../../../src/domain/secret.ts'
import s3 from '../../../src/kinds/s3/s3.ts'
import { setsIn } from '../../../src/kinds/variables.ts'

/** What each set of a config is called, and what its handle says. */
const found = (config: Readonly<Record<string, string>>): readonly (readonly [string, string | readonly string[]])[] =>
  setsIn(new Map(Object.entries(config).map(([key, value]) => [key as Key, new Secret(value)])))
    .filter(({ kind }) => kind === 's3')
    .map(({ name, missing, values }) => [name, missing.length > 0 ? missing : (s3.compose?.(values).reveal() ?? '')])

test.each<readonly [string, Readonly<Record<string, string>>, ReturnType<typeof found>]>([
  [
    'of Laravel',
    {
      AWS_BUCKET: 'shop',
      AWS_ACCESS_KEY_ID: 'K',
      AWS_SECRET_ACCESS_KEY: 'S/+',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_USE_PATH_STYLE_ENDPOINT: 'false',
    },
    [['AWS_BUCKET', 's3://K:S%2F%2B@shop?region=eu-west-1&path_style=false']],
  ],
  [
    'of Django',
    {
      AWS_STORAGE_BUCKET_NAME: 'shop',
      AWS_ACCESS_KEY_ID: 'K',
      AWS_SECRET_ACCESS_KEY: 'S',
      AWS_S3_REGION_NAME: 'fr-par',
      AWS_S3_ENDPOINT_URL: 'https://s3.fr-par.scw.cloud',
    },
    [['AWS_STORAGE_BUCKET_NAME', 's3://K:S@shop?region=fr-par&endpoint=https%3A%2F%2Fs3.fr-par.scw.cloud']],
  ],
  [
    'of an add-on, beside those of another bucket',
    {
      ...{ S3_BUCKET: 'shop', AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 'S', BUCKETEER_BUCKET_NAME: 'bucketeer-1' },
      ...{ BUCKETEER_AWS_ACCESS_KEY_ID: 'B', BUCKETEER_AWS_SECRET_ACCESS_KEY: 'T', BUCKETEER_AWS_REGION: 'eu-west-1' },
    },
    [
      ['BUCKETEER_BUCKET_NAME', 's3://B:T@bucketeer-1?region=eu-west-1'],
      ['S3_BUCKET', 's3://K:S@shop'],
    ],
  ],
  ['of another service of Amazon, without a bucket', { AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 'S', AWS_REGION: 'a' }, []],
  ['of a bucket without a login', { S3_BUCKET: 'shop' }, [['S3_BUCKET', ['key', 'secret']]]],
])('variables %s', (_, config, expected) => {
  expect(found(config)).toEqual(expected)
})
