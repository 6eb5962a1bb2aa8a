import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haveS3rver, S3RVER_LOGIN, type S3Server, s3Handle, startS3 } from '../../../support/s3.ts'
import type { GateOptions, Said } from '../../../support/s3-gate.ts'
import { gated } from '../gated.ts'
import { compare, judge, notPassed, survey } from './pair.ts'

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `n/${String(at).padStart(5, '0')}`)

describe.runIf(haveS3rver())('real stores', () => {
  let old: S3Server
  let next: S3Server
  beforeAll(async () => {
    const buckets = ['shop', 'part', 'other', 'empty', 'many', 'resized', 'copy']
    old = await startS3({ buckets })
    next = await startS3({ buckets })
    const names = ['a', 'in/ü voice+1.pdf', 'in/b&c<d>', 'z']
    for (const key of names)
      for (const [server, bucket] of [
        [old, 'shop'],
        [next, 'copy'],
      ] as const)
        server.put(bucket, key, `hello ${key}`)
    for (const key of names) next.put('resized', key, key === 'z' ? 'hello' : `hello ${key}`)
    next.put('part', 'a', 'hello a')
    next.put('other', 'b', 'hello b')
    for (const key of numbered(1_050)) old.put('many', key, '')
  })
  afterAll(async () => {
    await old?.[Symbol.asyncDispose]()
    await next?.[Symbol.asyncDispose]()
  })

  const says = async (bucket: string): Promise<unknown> =>
    (await compare(s3Handle(old.port), s3Handle(next.port, { bucket }))).get('s3.listing')

  test('a copy differs in nothing; what the store does not know is none on both, or unknown', async () => {
    const findings = await compare(s3Handle(old.port), s3Handle(next.port, { bucket: 'copy' }))
    expect(notPassed(findings)).toEqual(['s3.versioning unknown warn', 's3.encryption unknown warn', 's3.public_access unknown warn'])
    expect(findings.get('s3.listing')?.detail).toMatch(/^4 objects \(.*; the first 4 objects of the old one stand there$/)
    expect(findings.get('s3.account')?.detail).toBe('both belong to one account')
    expect(findings.get('s3.region')?.detail).toBe('us-east-1 on both')
    // s3rver lists the bucket when it is asked for what it does not know.
    expect(findings.get('s3.versioning')?.detail).toBe('the new one: the server answers another question')
    expect(findings.get('s3.encryption')?.detail).toBe('the new one: the server does not know the question')
  })

  test.each([
    ['empty', 'fail', /^empty: the old one holds 4 objects/],
    ['other', 'fail', /^none of the first 4 objects of the old one stands there/],
    ['part', 'warn', /^3 of the first 4 objects of the old one are missing \(in\/b&c<d>, in\/ü voice\+1\.pdf, z\)/],
    ['resized', 'warn', /^1 object of another size/],
  ])('one that is %s: %s', async (bucket, status, detail) => {
    expect(await says(bucket)).toMatchObject({ status, detail: expect.stringMatching(detail) })
  })

  test('pages after the first are counted, and names are compared under the prefix', async () => {
    const many = await survey(s3Handle(old.port, { bucket: 'many' }))
    expect(many.facts.objects).toMatchObject({ is: { count: 1_050, isWhole: true } })
    expect(many.facts.first).toMatchObject({ is: expect.objectContaining({ length: 1_000 }) })
    const under = await survey(s3Handle(old.port, { bucket: 'shop/in/' }))
    expect(under.facts.first).toMatchObject({
      is: [
        ['b&c<d>', 15, expect.stringMatching(/^[0-9a-f]{32}$/)],
        ['ü voice+1.pdf', 23, expect.any(String)],
      ],
    })
    expect(under.newest).toEqual({ is: expect.stringMatching(/^20/) })
  })

  test('an object that is outside the prefix is none of the list', async () => {
    const rule: GateOptions['rule'] = ({ query }) =>
      query.has('encoding-type')
        ? {
            status: 200,
            xml: '<ListBucketResult><Contents><Key>a</Key><LastModified>2026-05-01T00:00:00.000Z</LastModified><Size>3</Size></Contents></ListBucketResult>',
          }
        : null
    await using one = await gated(old, { rule })
    const { facts } = await survey(one.handle({ bucket: 'shop/in/' }))
    expect(facts.objects).toEqual({ unknown: 'the answer is not what such a server would say' })
  })

  test('one bucket by two names of this machine is one; another prefix of it is another', async () => {
    const [direct, named, under] = [
      await survey(s3Handle(old.port)),
      await survey(`minio://${S3RVER_LOGIN}@localhost:${old.port}/shop`),
      await survey(s3Handle(old.port, { bucket: 'shop/in/' })),
    ]
    expect(named.resource).toEqual(direct.resource)
    expect(under.resource).not.toEqual(direct.resource)
    expect((await judge(direct, named)).get('s3.bucket')).toMatchObject({ detail: 'the very same bucket' })
  })

  test('the rules of browsers are read from a real store', async () => {
    const rules =
      '<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>'
    expect(await old.send('PUT', '/empty?cors', rules)).toBe(200)
    const told = await survey(s3Handle(old.port, { bucket: 'empty' }))
    expect(told.facts.cors).toEqual({ is: ['GET https://app.example', 'PUT https://app.example'] })
    expect(told.newest).toEqual({ unknown: 'there is no object' })
    expect((await compare(s3Handle(old.port, { bucket: 'empty' }), s3Handle(next.port))).get('s3.cors')).toMatchObject({ status: 'warn' })
  })

  describe('behind a gate that answers as Amazon documents', () => {
    /** By the name of what is asked. */
    const answering =
      (said: Readonly<Record<string, Said>>): NonNullable<GateOptions['rule']> =>
      ({ query, bucket, method }) =>
        method === 'HEAD'
          ? null
          : (Object.entries(said).find(([name]) => (name === 'buckets' ? bucket === '' : query.has(name)))?.[1] ?? null)
    const ok = (xml: string, headers?: Said['headers']): Said => ({ status: 200, xml, ...(headers === undefined ? {} : { headers }) })
    const none = (code: string): Said => ({ status: 404, code })

    const surveyBehind = async (said: Readonly<Record<string, Said>>, domainHost = '127.0.0.1') => {
      await using one = await gated(old, { rule: answering(said) })
      return await survey(one.handle().replace('127.0.0.1', domainHost))
    }

    test('settings are read as they are documented', async () => {
      const { facts } = await surveyBehind({
        versioning: ok(
          '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>',
        ),
        encryption: ok(
          '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:aws:kms:us-east-1:1:key/1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>',
        ),
        cors: none('NoSuchCORSConfiguration'),
        lifecycle: ok(
          '<LifecycleConfiguration><Rule><ID>x</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>30</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule><Rule><Status>Disabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
        ),
        publicAccessBlock: ok(
          '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
        ),
        policyStatus: ok('<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>'),
        'object-lock': ok('<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>'),
      })
      expect(facts).toMatchObject({
        versioning: { is: 'enabled' },
        encryption: { is: 'aws:kms' },
        cors: { is: [] },
        lifecycle: { is: ['drop unfinished uploads after 7 days under tmp/', 'expire after 30 days under tmp/'] },
        isBlocked: { is: false },
        isPublic: { is: true },
        objectLock: { is: true },
      })
    })

    test('a bucket without any of it has none', async () => {
      const { facts } = await surveyBehind({
        ...{ versioning: ok('<VersioningConfiguration/>'), encryption: none('ServerSideEncryptionConfigurationNotFoundError') },
        ...{ lifecycle: none('NoSuchLifecycleConfiguration'), publicAccessBlock: none('NoSuchPublicAccessBlockConfiguration') },
        ...{ policyStatus: none('NoSuchBucketPolicy'), 'object-lock': none('ObjectLockConfigurationNotFoundError') },
      })
      expect(facts).toMatchObject({
        ...{ versioning: { is: 'none' }, encryption: { is: 'none' }, lifecycle: { is: [] }, isBlocked: { is: false } },
        ...{ isPublic: { is: false }, objectLock: { is: false } },
      })
    })

    test('what is denied is unknown, and the right that is missing is named; the list is still told', async () => {
      const denied: Said = { status: 403, code: 'AccessDenied', message: 'Access Denied' }
      const names = [
        'versioning',
        'encryption',
        'cors',
        'lifecycle',
        'publicAccessBlock',
        'policyStatus',
        'object-lock',
        'location',
        'buckets',
      ]
      const { facts, resource } = await surveyBehind(Object.fromEntries(names.map((name) => [name, denied])))
      expect(facts.versioning).toEqual({ unknown: 'the key may not ask (s3:GetBucketVersioning is missing)' })
      expect(facts.owner).toEqual({ unknown: 'the key may not ask (s3:ListAllMyBuckets is missing)' })
      expect(resource).toEqual({
        unknown: 'only a list of buckets would tell one shop from another, and the key may not ask (s3:ListAllMyBuckets is missing)',
      })
      const unknown = Object.entries(facts).flatMap(([name, told]) => ('unknown' in told ? [name] : []))
      const settings = ['versioning', 'encryption', 'cors', 'lifecycle', 'isBlocked', 'isPublic', 'objectLock']
      expect(unknown).toEqual(['identity', 'owner', 'region', 'sample', ...settings])
      expect(facts.objects).toMatchObject({ is: { count: 4 } })
    })

    test('a page that never ends, and one that leads back to itself, are left after what was seen', async () => {
      const page = (token: string) =>
        ok(
          `<ListBucketResult><Name>shop</Name><IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken><EncodingType>url</EncodingType><Contents><Key>a+b%2Fc</Key><LastModified>2026-05-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>3</Size></Contents></ListBucketResult>`,
        )
      const { facts } = await surveyBehind({ 'encoding-type': page('same') })
      expect(facts.objects).toEqual({ is: { count: 2, bytes: 6, isWhole: false, newest: '2026-05-01T00:00:00.000Z' } })
      expect(facts.first).toEqual({
        is: [
          ['a b/c', 3, 'x'],
          ['a b/c', 3, 'x'],
        ],
      })
    })

    test('of a list that was cut off, nothing is said of what may stand behind its end', async () => {
      const cut = ok(
        '<ListBucketResult><Name>shop</Name><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken><Contents><Key>in/b&amp;c&lt;d&gt;</Key><LastModified>2026-05-01T00:00:00.000Z</LastModified><Size>15</Size></Contents></ListBucketResult>',
      )
      await using one = await gated(old, { rule: answering({ 'encoding-type': cut }) })
      const { facts } = await survey(one.handle(), survey(s3Handle(old.port)))
      // a is before the end and missing; the names in/ü… and z are behind it.
      expect(facts.sample).toEqual({ is: { asked: 2, found: 1, missing: ['a'], resized: 0, retagged: 0 } })
    })

    test.each([
      ['an object without a name', '<Contents><Key></Key><LastModified>2026-05-01T00:00:00.000Z</LastModified><Size>3</Size></Contents>'],
      ['an object without a size', '<Contents><Key>a</Key><LastModified>2026-05-01T00:00:00.000Z</LastModified></Contents>'],
      ['an object of no time', '<Contents><Key>a</Key><LastModified>yesterday</LastModified><Size>3</Size></Contents>'],
      [
        'a broken encoding',
        '<EncodingType>url</EncodingType><Contents><Key>%</Key><LastModified>2026-05-01T00:00:00.000Z</LastModified><Size>3</Size></Contents>',
      ],
    ])('a list with %s is no list', async (_, inside) => {
      const { facts } = await surveyBehind({ 'encoding-type': ok(`<ListBucketResult><Name>shop</Name>${inside}</ListBucketResult>`) })
      expect(facts.objects).toEqual({ unknown: 'the answer is not what such a server would say' })
      expect(facts.sample).toEqual(facts.objects)
    })

    test('the region that an answer names is taken, and the clock that it shows', async () => {
      await using one = await gated(old, {
        rule: ({ query }) =>
          query.get('max-keys') === '1'
            ? ok('<ListBucketResult><Name>shop</Name></ListBucketResult>', { 'x-amz-bucket-region': 'eu-west-1' })
            : null,
        now: () => Date.now() + 8 * 60_000,
      })
      const { facts } = await survey(one.handle())
      expect(facts.region).toEqual({ is: 'eu-west-1' })
      expect('is' in facts.aheadMs ? Math.round(facts.aheadMs.is / 60_000) : null).toBe(8)
      expect((await judge(null, { ...(await survey(one.handle())) })).get('s3.clock')).toMatchObject({ status: 'warn' })
    })
  })
})
