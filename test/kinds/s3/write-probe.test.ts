import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/processes.ts'
import { haveS3rver, type S3Server, startS3 } from '../../support/s3.ts'
import type { GateOptions } from '../../support/s3-gate.ts'
import { gated, write } from './gated.ts'

const denied = { status: 403, code: 'AccessDenied', message: 'Access Denied' }

describe.runIf(haveS3rver())('a probe that writes', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3()
    server.put('shop', 'a', 'hello')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('puts one object of its own under the prefix, reads it, deletes it, and touches nothing else', async () => {
    await using one = await gated(server)
    const report = await write(one.handle({ bucket: 'shop/in' }))
    expect(report).toMatchObject({ ok: true, facts: { writable: true }, findings: [] })
    const wrote = one.gate.arrived
      .filter((line) => !/^(HEAD|GET \/shop\?)/.test(line))
      .map((line) => line.replace(/[0-9a-f-]{36}$/, 'UUID'))
    expect(wrote).toEqual(['PUT /shop/in/.attach-probe/UUID', 'GET /shop/in/.attach-probe/UUID', 'DELETE /shop/in/.attach-probe/UUID'])
    expect(server.keys('shop')).toEqual(['a'])
  })

  const refused: readonly (readonly [string, GateOptions['rule'], object])[] = [
    [
      'may not write',
      ({ method }) => (method === 'PUT' ? denied : null),
      {
        ok: false,
        failedAt: 'use',
        class: 'permanent',
        code: 'AccessDenied',
        facts: { writable: false },
        reason: expect.stringContaining('s3:PutObject is missing'),
      },
    ],
    [
      'may not read',
      ({ method, key }) => (method === 'GET' && key !== '' ? denied : null),
      { ok: false, failedAt: 'use', facts: { writable: true }, reason: expect.stringContaining('s3:GetObject is missing'), findings: [] },
    ],
    [
      'reads another text',
      ({ method, key }) => (method === 'GET' && key !== '' ? { status: 200, xml: '<x/>' } : null),
      { ok: false, failedAt: 'use', code: 'read-back', findings: [] },
    ],
    [
      'meets a store that is busy',
      ({ method }) => (method === 'PUT' ? { status: 503, code: 'SlowDown' } : null),
      { ok: false, failedAt: 'use', class: 'transient', facts: { writable: 'unknown' } },
    ],
  ]

  test.each(refused)('one that %s fails, and leaves nothing', async (_, rule, expected) => {
    await using one = await gated(server, rule === undefined ? {} : { rule })
    expect(await write(one.handle())).toMatchObject(expected)
    expect(server.keys('shop')).toEqual(['a'])
  })

  test('one that may not delete says what it leaves, and under which name', async () => {
    await using one = await gated(server, { rule: ({ method }) => (method === 'DELETE' ? denied : null) })
    const report = await write(one.handle())
    expect(report).toMatchObject({
      ok: true,
      findings: [{ id: 's3.probe_left', status: 'warn', detail: expect.stringContaining('s3:DeleteObject is missing') }],
    })
    const [left = ''] = server.keys('shop').filter((key) => key !== 'a')
    expect(report.findings[0]?.remedy).toContain(left)
    expect(await server.send('DELETE', `/shop/${left}`)).toBe(204)
  })

  test('of a bucket that keeps versions the version goes; where it may not, that is said', async () => {
    const versioned =
      (mayDeleteVersions: boolean): GateOptions['rule'] =>
      ({ method, query }) => {
        if (method === 'PUT') return { status: 200, xml: '<x/>', headers: { 'x-amz-version-id': 'v 1/+' } }
        if (method === 'DELETE') return mayDeleteVersions || query.get('versionId') === null ? { status: 204 } : denied
        return null
      }
    const arrivedAt = async (rule: GateOptions['rule']) => {
      await using one = await gated(server, rule === undefined ? {} : { rule })
      const { findings } = await write(one.handle())
      return { findings, deletes: one.gate.arrived.filter((line) => line.startsWith('DELETE')).map((line) => line.replace(/^[^?]*/, '')) }
    }
    expect(await arrivedAt(versioned(true))).toEqual({ findings: [], deletes: ['?versionId=v%201%2F%2B'] })
    const { findings, deletes } = await arrivedAt(versioned(false))
    expect(deletes).toEqual(['?versionId=v%201%2F%2B', ''])
    expect(findings).toMatchObject([{ id: 's3.probe_left', detail: expect.stringContaining('keeps its version') }])
  })

  test('where the bucket would keep it by law, nothing is written', async () => {
    const lock =
      '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>7</Years></DefaultRetention></Rule></ObjectLockConfiguration>'
    await using one = await gated(server, { rule: ({ query }) => (query.has('object-lock') ? { status: 200, xml: lock } : null) })
    expect(await write(one.handle())).toMatchObject({
      ok: false,
      failedAt: 'use',
      class: 'permanent',
      code: 'object-lock',
      facts: { writable: 'unknown' },
    })
    expect(one.gate.arrived.some((line) => line.startsWith('PUT'))).toBe(false)
  })

  test('after an abort in the middle the object is still taken away', async () => {
    const stop = new AbortController()
    const rule: GateOptions['rule'] = ({ method }) => {
      if (method === 'PUT') queueMicrotask(() => stop.abort()) // It is on its way, and may land.
      return null
    }
    await using one = await gated(server, rule === undefined ? {} : { rule })
    expect(await write(one.handle(), stop.signal)).toMatchObject({ ok: false, code: 'aborted' })
    expect(
      one.gate.arrived.filter((line) => line.startsWith('DELETE')),
      'once more, for it may land late',
    ).toHaveLength(2)
    await eventually('it is gone', async () => expect(server.keys('shop')).toEqual(['a']), 2_000)
  })

  test('a bucket that does not answer is not written to', async () => {
    await using one = await gated(server)
    expect(await write(one.handle({ login: 'NOBODY:x-x-x-x' }))).toMatchObject({ ok: false, failedAt: 'login' })
    expect(one.gate.arrived.every((line) => /^(HEAD|GET)/.test(line))).toBe(true)
  })
})
