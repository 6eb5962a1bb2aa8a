import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import s3 from '../../../src/kinds/s3/s3.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const AT_PORT = 'has a port where the bucket stands: s3://HOST:PORT/BUCKET means different things to different tools'

describe('malformed handles of a bucket', () => {
  describeMalformed(s3, [
    ['', 'is empty'],
    ['s3://', 'names no bucket'],
    [`s3://AKIA:${P}@`, 'names no bucket'],
    [`s3://AKIA:${P}@/in`, 'names no bucket'],
    ['shop', 'has no scheme'],
    ['arn:aws:s3:::shop', 'has no scheme'],
    [`s3:AKIA:${P}@shop`, 'has no // after its scheme'],
    [`https://AKIA:${P}@s3.amazonaws.com/shop`, 'has another scheme than s3, minio, s3+http, s3+https'],
    [`gs://AKIA:${P}@shop`, 'has another scheme than s3, minio, s3+http, s3+https'],
    [`S3_URL=s3://AKIA:${P}@shop`, 'begins with the name of a variable'],
    [`"s3://AKIA:${P}@shop"`, 'stands in quotes'],
    [`s3://AKIA:${P}@shop\n`, 'ends with a line break'],
    [`s3://AKIA:${P}/${P}@shop`, 'has an unencoded / in its user or password'],
    [`s3://AKIA:${P}@${P}@shop`, 'has an unencoded @ in its user or password'],
    [`s3://AKIA:${P}#${P}@shop`, 'has an unencoded # in its user or password'],
    [`s3://AKIA:${P}%2@shop`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`s3://AKIA:${P}@minio:9000/shop`, AT_PORT],
    [`s3://AKIA:${P}@127.0.0.1:9000/shop`, AT_PORT],
    [`s3://AKIA:${P}@s3.eu-west-1.amazonaws.com/shop`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@shop.s3.amazonaws.com`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@shop.fra1.digitaloceanspaces.com`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@localhost/shop`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@127.0.0.1/shop`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@a`, 'has a bucket that is no name of one'],
    [`s3://AKIA:${P}@-shop`, 'has a bucket that is no name of one'],
    [`s3://AKIA:${P}@shop..one`, 'has a bucket that is no name of one'],
    [`s3://AKIA:${P}@arn%3Aaws%3As3`, 'names a host where the bucket stands'],
    [`s3://AKIA:${P}@one,two`, 'names several hosts; one host only'],
    [`s3://${P}@shop`, 'has a key and no secret'],
    [`s3://:${P}@shop`, 'has a secret and no key'],
    [`s3://AKIA%2F:${P}@shop`, 'has a key that is no access key'],
    [`s3://AKIA%0d%0a:${P}@shop`, 'has a control or invisible character in its user'],
    ['s3://AKIA:****@shop', 'has a masked password, as tools print it'],
    ['s3://AKIA:$AWS_SECRET_ACCESS_KEY@shop', 'has a placeholder instead of the password'],
    [`s3://shop?session_token=${P}`, 'has a session token and no key'],
    [`s3://AKIA:S@shop?session_token=${P}%0a`, 'has a session token with an odd character in it'],
    [`s3://AKIA:${P}@shop?region=eu%20west`, 'has a region that is no name of one'],
    [`s3://AKIA:${P}@shop?path_style=maybe`, 'has an unknown word for path_style'],
    [`s3://AKIA:${P}@shop.one?endpoint=https://h&path_style=no`, 'has path_style=false and a bucket that no host name can hold'],
    [`s3://AKIA:${P}@shop?endpoint=minio:9000`, 'has an endpoint without http:// or https://'],
    [`s3://AKIA:${P}@shop?endpoint=ftp://h`, 'has an endpoint without http:// or https://'],
    [`s3://AKIA:${P}@shop?endpoint=https://`, 'has an endpoint that names no host'],
    [`s3://AKIA:${P}@shop?endpoint=https%3A%2F%2Fu%3A${P}%40h`, 'has an endpoint with a user or password in it'],
    [`s3://AKIA:${P}@shop?endpoint=https%3A%2F%2Fh%3Fx%3D${P}`, 'has an endpoint with a query'],
    [`s3://AKIA:${P}@shop?endpoint=https://h:port`, 'has an endpoint that cannot be read as an address'],
    [`s3://AKIA:${P}@shop?endpoint=https://h_%C3%BC..x`, 'has a host that is no host name'],
    [`s3://AKIA:${P}@shop?endpoint=https://shop.fra1.digitaloceanspaces.com`, 'has an endpoint that begins with the bucket'],
    [`s3://AKIA:${P}@shop?endpoint=http://h&ca=/ca.pem`, 'names a ca and an endpoint without TLS'],
    [
      `s3://AKIA:${P}@shop?sslmode=disable`,
      'asks about TLS in words that this kind does not have, and drivers would pass over them in silence',
    ],
    [
      `s3://AKIA:${P}@shop?verify=false`,
      'asks about TLS in words that this kind does not have, and drivers would pass over them in silence',
    ],
    [`s3://AKIA:${P}@shop?secure=true`, 'has secure= beside a bucket'],
    [`s3+http://AKIA:${P}@h/shop?secure=true`, 'has secure= beside a scheme that says it'],
    [`minio://AKIA:${P}@h:9000`, 'names no bucket'],
    [`minio://AKIA:${P}@h:9000/shop?endpoint=https://x`, 'names two endpoints'],
    [`minio://AKIA:${P}@/shop`, 'names no host'],
    [`s3://AKIA:${P}@shop/../other`, 'has a prefix with . or .. for a folder'],
    [`minio://AKIA:${P}@h/shop/a/%2E/b`, 'has a prefix with . or .. for a folder'],
    [`s3://AKIA:${P}@shop/a%0ab`, 'has a control or invisible character in its prefix'],
    [`s3://AKIA:${P}@shop/${'a'.repeat(901)}`, 'has a prefix longer than 900 bytes'],
  ])

  test.each([
    [{}, 'names no bucket'],
    [{ bucket: '', key: 'K', secret: P }, 'names no bucket'],
    [{ bucket: 'shop', key: 'K' }, 'has no key or no secret'],
    [{ bucket: 'shop', key: 'K', secret: P, endpoint: 'minio:9000' }, 'has an endpoint without http:// or https://'],
    [{ bucket: 'shop', key: 'K', secret: P, path_style: 'maybe' }, 'has an unknown word for path_style'],
  ])('variables that make no handle are refused: %j', (parts, what) => {
    const given = new Map(Object.entries(parts).map(([name, value]) => [name, new Secret(value)]))
    expect(() => s3.compose?.(given)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID', message: `the handle ${what}` }))
  })

  test.each([
    ['s3://K:S@shop/prefix', 'has a prefix, which no variable holds'],
    ['s3://K:S@shop?ca=/ca.pem', 'names a ca, which no variable holds'],
    ['s3://K:S@shop?acl=private', 'has parameters that no variable holds'],
    ['s3://shop', 'has no key, and the variables need one'],
  ])('what no variable holds is refused: %s', (handle, what) => {
    expect(() => s3.decompose?.(new Secret(handle))).toThrow(
      expect.objectContaining({ code: 'HANDLE_INVALID', message: `the handle ${what}` }),
    )
  })
})
