import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { queryOf, signed, uriPath } from '../../../src/kinds/s3/sign.ts'

/** Of the public documentation: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const EXAMPLE = { key: 'AKIAIOSFODNN7EXAMPLE', secret: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'), session: null }
const at = Date.parse('2013-05-24T00:00:00Z')
const host = { host: 'examplebucket.s3.amazonaws.com' }
const options = { login: EXAMPLE, region: 'us-east-1', at }

describe('Signature Version 4', () => {
  test.each([
    [
      'GET Object',
      { method: 'GET', path: '/test.txt', query: [], headers: { ...host, range: 'bytes=0-9' }, body: '' },
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      {
        ...{ method: 'PUT', path: uriPath('/test$file.text'), query: [], body: 'Welcome to Amazon S3.' },
        headers: { ...host, date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      },
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle',
      { method: 'GET', path: '/', query: [['lifecycle', '']], headers: host, body: '' },
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET Bucket (List Objects), its query in another order',
      {
        method: 'GET',
        path: '/',
        query: [
          ['prefix', 'J'],
          ['max-keys', '2'],
        ],
        headers: host,
        body: '',
      },
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ] as const)('the example %s of the documentation has its signature', (_, request, names, signature) => {
    const headers = signed(request, options)
    expect(headers['authorization']).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`,
    )
    expect(headers['x-amz-date']).toBe('20130524T000000Z')
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(request.body).digest('hex'))
  })

  test('the token of temporary credentials is sent and signed', () => {
    const login = { ...EXAMPLE, session: new Secret('IQoJb3JpZ2lu/+==') }
    const headers = signed({ method: 'GET', path: '/', query: [], headers: host, body: '' }, { ...options, login })
    expect(headers['x-amz-security-token']).toBe('IQoJb3JpZ2lu/+==')
    expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token')
  })

  test('without a login nothing is added', () => {
    expect(signed({ method: 'GET', path: '/', query: [], headers: host, body: '' }, { ...options, login: null })).toEqual(host)
  })

  test('what the documentation leaves bare is left bare, and everything else is encoded', () => {
    expect(uriPath("/a b/ü~-._!'()*+&=%2F")).toBe('/a%20b/%C3%BC~-._%21%27%28%29%2A%2B%26%3D%252F')
    expect(
      queryOf([
        ['b', '2'],
        ['a', 'x y'],
        ['a', '1/+'],
      ]),
    ).toBe('a=1%2F%2B&a=x%20y&b=2')
  })
})
