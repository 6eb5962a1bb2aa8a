import { expect, test } from 'vitest'
import { openKinds } from '../../src/deploys/kinds.ts'
import type { Key } from '../../src/domain/change.ts'
import { Redactor } from '../../src/domain/redact.ts'
import { Secret } from '../../src/domain/secret.ts'

const within = (before: string, after: string): string | null =>
  openKinds(new Redactor()).within({ key: 'A' as Key, before: new Secret(before), after: new Secret(after) })

test.each([
  ['postgres://u@/app?host=a&port=1', 'postgres://u@/app?host=b&port=1'],
  ['postgres://u@/app?host=a&port=1', 'postgres://u@/app?host=a&port=2'],
  ['postgres://u@h/app', 'postgres://u@h/app?dbname=other'],
  ['postgres://u@h/app', 'postgres://u@h/app?hostaddr=127.0.0.2'],
  ['redis+unix:///run/r.sock?db=0', 'redis+unix:///run/r.sock?db=1'],
  ['postgres://u@a/app', 'postgres://u@b/app'],
  ['s3://K:S@shop?endpoint=http://a:9000', 's3://K:S@shop?endpoint=http://b:9000'],
  ['s3://K:S@shop?endpoint=http://a:9000', 's3://K:S@shop'],
  ['amqp://u@a/app', 'amqps://u@a/app'],
])('%s and %s lead to two resources', (before, after) => {
  expect(within(before, after)).toBeNull()
})

test.each([
  ['postgres://u@h/app?pool=1', 'postgres://u@h/app?pool=2', 'same resource, parameters changed'],
  ['postgres://u:a@/app?host=a', 'postgres://u:b@/app?host=a', 'same resource, password changed'],
  [
    's3://K:a@shop?endpoint=http://a:9000',
    's3://K:b@shop?endpoint=http%3A%2F%2Fa%3A9000&region=auto',
    'same resource, password and parameters changed',
  ],
])('%s and %s lead to one', (before, after, words) => {
  expect(within(before, after)).toBe(words)
})

test.each([
  ['memcached://u:a@h1,h2:2', 'memcached://u:b@h1:11211,h2:2', 'same resource, password changed'],
  ['memcached://h1,h2:2', 'memcached://h1,h2:3', null],
  ['memcached://h1,h2', 'memcached://h1', null],
  ['redis-sentinel://:a@h1,h2/m/0', 'redis-sentinel://:b@h1:26379,h2/m/0', 'same resource, password changed'],
  ['redis-sentinel://:a@h1,h2/m/0', 'redis-sentinel://:a@h1,h2/n/0', null],
  ['redis-sentinel://h1,h2/0?sentinelMasterId=m', 'redis-sentinel://h1,h2/0?sentinelMasterId=n', null],
])('%s and %s, lists of servers: %s', (before, after, words) => {
  expect(within(before, after)).toBe(words)
})

test.each([
  ['s3://K:S@shop/in?region=a', 's3://K@shop/in'],
  ['s3://K:S@shop?endpoint=http%3A%2F%2Fminio%3A9000&region=a', 's3://K@shop?endpoint=http://minio:9000'],
  ['s3://K:S@shop?endpoint=https://abc.supabase.co/storage/v1/s3', 's3://K@shop?endpoint=https://abc.supabase.co'],
  ['s3://K:S@shop?endpoint=https%3A%2F%2Fu%3Ap%40h', 's3://K@shop'],
  ['s3://K:S@shop?endpoint=https%3A%2F%2Fh%0a', 's3://K@shop'],
  ['postgres://u:p@h/x?endpoint=http://minio:9000', 'postgres://u@h:5432/x'],
  ['memcached://u:S3cret@h1:1,[::1]:2,h3/', 'memcached://u@h1:1,[::1]:2,h3:11211/'],
  ['memcached://h1,h2?timeout=1', 'memcached://h1:11211,h2:11211'],
  ['redis-sentinel://:S3cret@h1,h2:1/m/0?sentinel_password=S3cret', 'redis-sentinel://h1:26379,h2:1/m/0'],
  ['redis-sentinel://S3cret@h1,h2/0?sentinelMasterId=m', 'redis-sentinel://h1:26379,h2:26379/0'],
  ['redis-sentinel://:S3cret@h1/0#m', '(not shown)'],
  ['memcached://h1,password=S3cret', 'memcached://(not shown)'],
  ['memcached://u:S3cret@h1,', 'memcached://(not shown)'],
  ['redis://:S3cret@h1:1,h2:2', '(not shown)'],
  ['amqp://app:pw@mq/shop', 'amqp://app@mq:5672/shop'],
  ['amqps://app:pw@mq/shop', 'amqps://app@mq:5671/shop'],
])('%s is shown as %s', (handle, shown) => {
  expect(openKinds(new Redactor()).describe(new Secret(handle))).toBe(shown)
})
