import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import s3 from '../../../src/kinds/s3/s3.ts'
import type { HandleParts } from '../../../src/ports/kind.ts'

const parse = (handle: string) => s3.parse(new Secret(handle))

describe('how a bucket is addressed', () => {
  test.each([
    ['s3://K:S@shop?region=eu-west-1', 'host', 'eu-west-1'],
    ['s3://K:S@shop.one?region=eu-west-1', 'path', 'eu-west-1'],
    ['s3://K:S@Shop_1', 'path', 'us-east-1'],
    ['s3://K:S@shop?path_style=true', 'path', 'us-east-1'],
    ['s3://K:S@shop?endpoint=https://s3.eu-central-1.amazonaws.com', 'host', 'eu-central-1'],
    ['s3://K:S@shop?endpoint=https://s3.dualstack.eu-central-1.amazonaws.com', 'host', 'eu-central-1'],
    ['s3://K:S@shop?endpoint=https://s3-eu-west-3.amazonaws.com', 'host', 'eu-west-3'],
    ['s3://K:S@shop?endpoint=https://s3.cn-north-1.amazonaws.com.cn', 'host', 'cn-north-1'],
    ['s3://K:S@shop?endpoint=https://minio.example', 'path', 'us-east-1'],
    ['s3://K:S@shop?endpoint=https://minio.example&path_style=False', 'host', 'us-east-1'],
    ['s3://K:S@shop?endpoint=https://fra1.digitaloceanspaces.com', 'path', 'fra1'],
    ['s3://K:S@shop?endpoint=https://0123.r2.cloudflarestorage.com', 'path', 'auto'],
    ['s3://K:S@shop?endpoint=https://s3.us-west-004.backblazeb2.com', 'path', 'us-west-004'],
    ['s3://K:S@shop?endpoint=https://s3.fr-par.scw.cloud&region=nl-ams', 'path', 'nl-ams'],
    ['s3+https://K:S@s3.eu-central-1.wasabisys.com/shop', 'path', 'eu-central-1'],
  ])('%s: by %s, in the region %s', (handle, style, region) => {
    expect(parse(handle)).toMatchObject({ style, region })
  })
})

describe('what a handle says beside where it leads', () => {
  const ids = (handle: string) => s3.remarks(parse(handle)).map(({ id }) => id)

  test.each([
    ['s3://K:S@shop?region=eu-west-1', []],
    ['s3://K:S@shop', ['s3.region_assumed']],
    ['s3://K:S@shop?endpoint=https://s3.amazonaws.com', ['s3.region_assumed']],
    ['s3://K:S@shop?endpoint=https://minio.example', []],
    ['s3://shop?region=eu-west-1', ['s3.anonymous']],
    ['s3://K:S@shop?region=a&region=b&acl=private', ['handle.unknown_key', 'handle.repeated_key']],
    ['s3://K:S@shop?region=eu-west-1&ca=/ca.pem', ['handle.local_file']],
  ])('%s is remarked on: %j', (handle, expected) => {
    expect(ids(handle)).toEqual(expected)
  })

  test('what a client alone reads is told to be there, and its value is not', () => {
    const { parameters } = s3.traits(parse('s3://K:S@shop?acl=private&region=a'))
    expect([...parameters]).toEqual([['acl', '…']])
  })

  test.each(['minioadmin:minioadmin', 'minio:minio123', 'test:test', 'S3RVER:S3RVER'])('%s is the login of every guide', (login) => {
    const { defaultCredentials } = s3.traits(parse(`minio://${login}@store/shop`))
    expect(defaultCredentials).toBe('key and secret are those of every guide')
    expect(s3.traits(parse('minio://app:kQ9-x7@store/shop')).defaultCredentials).toBeNull()
  })
})

describe('replacing parts', () => {
  test.each<readonly [string, HandleParts, string]>([
    ['s3://K:S@shop/in?region=a', { name: 'other' }, 's3://K:S@other/in?region=a'],
    ['s3://K:S@shop/in?region=a', { name: 'other/out/x y' }, 's3://K:S@other/out/x%20y?region=a'],
    ['s3://K:S@shop', { name: 'other/out' }, 's3://K:S@other/out'],
    ['s3://K:S%2F@shop?x=%7e', { user: 'N', password: new Secret('a/b+c=') }, 's3://N:a%2Fb%2Bc%3D@shop?x=%7e'],
    ['s3://shop', { user: 'N', password: new Secret('p') }, 's3://N:p@shop'],
    ['s3://K:S@shop?endpoint=http%3A%2F%2Fold%3A9000', { host: 'new' }, 's3://K:S@shop?endpoint=http%3A%2F%2Fnew%3A9000'],
    [
      's3://K:S@shop?endpoint=https://old/base&region=a',
      { host: '::1', port: '7' },
      's3://K:S@shop?endpoint=https%3A%2F%2F%5B%3A%3A1%5D%3A7%2Fbase&region=a',
    ],
    ['minio://K:S@old:9000/shop/in?secure=1', { host: 'new', port: '9443' }, 'minio://K:S@new:9443/shop/in?secure=1'],
    ['minio://K:S@old/shop/in', { name: 'other' }, 'minio://K:S@old/other/in'],
    ['minio://K:S@old/shop', { name: 'other/out' }, 'minio://K:S@old/other/out'],
  ])('%s with some parts replaced keeps every other byte', (before, parts, after) => {
    expect(s3.replaceParts(new Secret(before), parts).reveal()).toBe(after)
  })

  test.each<readonly [string, HandleParts]>([
    ['s3://K:S@shop?region=a', { host: 'new' }],
    ['s3://K:S@shop?region=a', { port: '9000' }],
    ['s3://K:S@shop?endpoint=http://h', { port: '0' }],
    ['s3://K:S@shop', { name: 'no bucket' }],
    ['s3://K:S@shop', { user: '' }],
  ])('what would be no handle any more is HANDLE_INVALID: %s %j', (before, parts) => {
    expect(() => s3.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })

  test('a handle with its endpoint first is the same parts as one with the bucket first', () => {
    const parts = s3.decompose?.(new Secret('minio://K:S@store:9000/shop?region=a')) ?? new Map()
    expect(s3.compose?.(parts).reveal()).toBe('s3://K:S@shop?region=a&endpoint=http%3A%2F%2Fstore%3A9000')
  })
})
