import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import couchdb from '../../../../src/kinds/couchdb/couchdb.ts'
import type { CouchFacts } from '../../../../src/kinds/couchdb/guards/survey.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS, type SurveyContext } from '../../../../src/ports/kind.ts'
import { type CouchServer, haveCouchDB, startCouchDB } from '../../../support/couchdb.ts'
import { liar } from '../../../support/liars.ts'
import { DATABASE, HEALTHY, http, serving, WELCOME } from '../said.ts'

vi.setConfig({ testTimeout: 20_000 })
const clocks = { now: () => performance.now(), today: () => Date.now() }

async function survey(handle: string, more: Partial<SurveyContext> = {}): Promise<Survey & { readonly facts: CouchFacts }> {
  const signal = new AbortController().signal
  const opened = await couchdb.open?.(couchdb.parse(new Secret(handle)), { signal, depth: 'use', limits: PROBE_LIMITS, ...clocks })
  await using session = opened?.session ?? expect.fail(`the probe failed: ${JSON.stringify(opened?.report)}`)
  const told = await session.survey({ signal, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null), ...clocks, ...more })
  const facts = (await (await couchdb.guards?.())?.decode(JSON.parse(JSON.stringify(told.facts)))) as CouchFacts
  expect(facts, 'a baseline reads back as it was').toEqual(told.facts)
  return { ...told, facts }
}

async function judge(old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> {
  const guards = (await couchdb.guards?.()) ?? expect.fail('no guards')
  const findings = guards.compare({
    ...{ old, next, expect: 'writable', fresh: null, use: null, today: Date.now(), deploy: 'production' },
    oldSilent: old === null ? 'the old resource failed at connect' : null,
    ...more,
  })
  expect(findings.map(({ id }) => id)).toEqual(guards.checks.map(({ id }) => id))
  return new Map(findings.map((finding) => [finding.id, finding]))
}

describe.runIf(haveCouchDB())('two databases of a real PouchDB Server', () => {
  let server: CouchServer
  const look = (name: string, more = {}) => survey(server.url({ name, ...more }))
  const filled = async (name: string, docs: number, designs: readonly string[] = []): Promise<void> => {
    await server.send('PUT', `/${name}`)
    for (let at = 0; at < docs; at += 1) await server.send('PUT', `/${name}/doc-${at}`, { at })
    for (const design of designs) await server.send('PUT', `/${name}/_design/${design}`, { language: 'javascript' })
  }
  beforeAll(async () => {
    server = await startCouchDB({ password: 'sup3r-s3cret' })
    await filled('old', 6, ['orders', 'users'])
    await server.send('PUT', '/old/_security', { admins: { names: [], roles: ['ops'] }, members: { names: ['app'], roles: ['staff'] } })
  }, 60_000)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  test('one that holds the same passes; only its identity says that it is another', async () => {
    await filled('same', 6, ['orders', 'users'])
    await server.send('PUT', '/same/_security', { admins: { roles: ['ops'] }, members: { names: ['app'], roles: ['staff'] } })
    const findings = await judge(await look('old'), await look('same'))
    expect([...findings.values()].filter(({ status }) => status !== 'pass')).toEqual([])
    expect(findings.get('couch.identity')?.detail).toBe('another database of the same server')
  })

  test('an empty one, and one that lacks a design document, stop a swap', async () => {
    await filled('empty', 0, ['orders', 'users'])
    await filled('half', 3, ['orders'])
    expect((await judge(await look('old'), await look('empty'))).get('couch.docs')).toMatchObject({
      status: 'fail',
      detail: 'empty: the old one holds 6 documents',
    })
    const findings = await judge(await look('old'), await look('half'))
    expect(findings.get('couch.docs')).toMatchObject({ status: 'pass' })
    expect(findings.get('couch.design')).toMatchObject({ status: 'fail', detail: '1 design document missing: _design/users' })
    expect(findings.get('couch.security')).toMatchObject({ status: 'fail', detail: expect.stringContaining('open to everyone') })
  })

  test('a design document of another revision is worth a look', async () => {
    await filled('other', 6, ['orders', 'users'])
    const { _rev } = await server.send('GET', '/other/_design/users')
    await server.send('PUT', '/other/_design/users', { _rev, language: 'erlang' })
    expect((await judge(await look('old'), await look('other'))).get('couch.design')).toMatchObject({
      status: 'warn',
      detail: '1 design document of another revision: _design/users',
    })
  })

  test('one database under two handles is told as the very same', async () => {
    const [one, two] = [await look('old'), await look('old/')]
    expect(one.resource).toEqual(two.resource)
    expect((await judge(one, two)).get('couch.identity')).toMatchObject({
      status: 'warn',
      severity: 'info',
      detail: 'the very same database',
    })
  })

  test('what an ordinary user may write is not told', async () => {
    await server.send('PUT', '/_users/org.couchdb.user:app', { name: 'app', password: 'app-pw-app', roles: [], type: 'user' })
    const seen = await look('old', { user: 'app', password: 'app-pw-app' })
    expect((await judge(seen, seen)).get('couch.access')).toMatchObject({ status: 'unknown' })
    expect((await judge(seen, seen, { expect: 'readable' })).get('couch.access')).toMatchObject({ status: 'pass' })
    expect((await judge(seen, seen, { expect: 'replica' })).get('couch.access')).toMatchObject({ status: 'fail' })
  })

  test('a handle without a database leaves unknown what is asked of one', async () => {
    const seen = await look('')
    expect(seen.facts.database).toEqual({ unknown: 'the handle names no database' })
    expect((await judge(seen, seen)).get('couch.docs')).toMatchObject({ status: 'unknown' })
  })
})

describe('CouchDB as its documentation has it', () => {
  const told = async (answers: Readonly<Record<string, string | null>>) => {
    await using server = await liar(serving({ ...HEALTHY, ...answers }))
    return await survey(`couchdb://app:s3cret-pw@127.0.0.1:${server.port}/shop`)
  }
  const database = (fields: object) => ({ '/shop': http(200, { ...DATABASE, ...fields }) })
  const security = (admins: readonly string[], members: readonly string[]) => ({
    '/shop/_security': http(200, { admins: { names: admins }, members: { roles: members } }),
  })

  test('tells what it is asked', async () => {
    expect(await told({})).toMatchObject({
      resource: { is: '85fb71bf700c17267fef77535820e371 shop 1700000000' },
      position: { is: { at: '1200', unit: 'changes' } },
      facts: {
        database: { is: { docs: 1_000, deleted: 3, bytes: 60_000, shards: { q: 2, n: 3 }, isPartitioned: false } },
        design: { is: [{ id: '_design/orders', rev: '3-abc' }] },
        security: { is: { admins: { roles: ['_admin'] }, members: { names: ['app'], roles: ['staff'] } } },
      },
    })
  })

  test('CouchDB 2, which tells no uuid, leaves unknown who it is', async () => {
    const { uuid: _, ...two } = WELCOME
    const seen = await told({ '/': http(200, { ...two, version: '2.3.1' }), ...database({ instance_start_time: '0' }) })
    expect(seen.resource).toHaveProperty('unknown')
    expect((await judge(seen, seen)).get('couch.identity')).toMatchObject({ status: 'unknown' })
  })

  test.each([
    ['2.3.1', 'fail'],
    ['3.2.0', 'warn'],
    ['3.3.3', 'pass'],
    ['4.0.0', 'pass'],
  ])('version %s after 3.3.3 is a %s', async (version, status) => {
    const next = await told({ '/': http(200, { ...WELCOME, version }) })
    expect((await judge(await told({}), next)).get('couch.version')).toMatchObject({ status })
  })

  test('a database that was made anew under its name is another one, and half its documents are worth a look', async () => {
    const findings = await judge(await told({}), await told(database({ instance_start_time: '1800000000', doc_count: 499 })))
    expect(findings.get('couch.identity')).toMatchObject({ status: 'pass', detail: expect.stringContaining('made anew') })
    expect(findings.get('couch.docs')).toMatchObject({ status: 'warn' })
  })

  test('a partitioned database is no other one', async () => {
    const parted = await told(database({ props: { partitioned: true }, cluster: { q: 8, n: 1 } }))
    const findings = await judge(await told({}), parted)
    expect(findings.get('couch.partitioned')).toMatchObject({ status: 'fail' })
    expect(findings.get('couch.cluster')).toMatchObject({ status: 'pass', detail: 'q=8 n=1; the old one: q=2 n=3' })
    expect((await judge(parted, await told({}))).get('couch.partitioned')).toMatchObject({ status: 'fail' })
  })

  test.each([
    ['lacks a member', security(['ops'], ['staff', 'app']), security(['ops'], ['staff']), 'fail'],
    ['lacks an admin', security(['ops'], ['staff']), security([], ['staff']), 'fail'],
    ['is open, where the old one is closed', security([], ['staff']), security([], []), 'fail'],
    ['is closed, where the old one is open', security([], []), security([], ['staff']), 'warn'],
    ['lets in more', security([], ['staff']), security([], ['staff', 'guests']), 'warn'],
    ['is the same', security(['ops'], ['staff']), security(['ops'], ['staff']), 'pass'],
  ])('a _security that %s is told', async (_, before, after, status) => {
    expect((await judge(await told(before), await told(after))).get('couch.security')).toMatchObject({ status })
  })

  test('what may not be read is unknown, never a pass', async () => {
    const refused = http(403, { error: 'forbidden', reason: 'no \u001b[2Jway' })
    const seen = await told({ '/shop/_security': refused, '/shop/_all_docs': refused })
    const findings = await judge(seen, seen)
    expect(findings.get('couch.security')).toMatchObject({ status: 'unknown' })
    expect(findings.get('couch.design')).toMatchObject({ status: 'unknown' })
    expect(JSON.stringify(seen)).not.toMatch(/[\p{Cc}]|(?<!\\)\\u00/u)
  })

  test.each([
    ['no object', http(200, '[]')],
    ['text', http(200, 'hello')],
    ['other types', http(200, { rows: { id: 1 }, admins: [], members: 'all', uuid: 7, db_name: 'shop', doc_count: '7', update_seq: {} })],
    ['rows of another sort', http(200, { rows: [{ id: 'doc' }, null, 7], admins: { names: [7] }, members: { roles: {} } })],
    [
      'names that steer a terminal',
      http(200, { rows: [{ id: '_design/\u001b[2J', value: { rev: '\u001b' } }], members: { names: ['\u001b[31m::error::x'] } }),
    ],
  ])('with %s to everything makes facts that can be kept and compared, and nothing that is not known', async (_, answer) => {
    const seen = await told({ '/shop/_all_docs': answer, '/shop/_security': answer })
    expect(JSON.stringify(seen)).not.toMatch(/[\p{Cc}]|(?<!\\)\\u00/u)
    for (const { detail, remedy = '' } of (await judge(seen, seen)).values()) expect(`${detail}${remedy}`).not.toMatch(/\p{Cc}/u)
    expect((await judge(await told({}), seen)).get('couch.design')?.status).not.toBe('pass')
  })

  test('more design documents than any app has are not counted', async () => {
    const rows = Array.from({ length: 1_001 }, (_, at) => ({ id: `_design/d${at}`, value: { rev: '1-a' } }))
    expect((await told({ '/shop/_all_docs': http(200, { rows }) })).facts.design).toEqual({
      unknown: 'it has more than 1,000 design documents',
    })
  })

  test('a server that closes after each answer is surveyed all the same', async () => {
    const closing = Object.fromEntries(
      Object.entries(HEALTHY).map(([path, answer]) => [path, answer.replace('\r\n', '\r\nConnection: close\r\n')]),
    )
    expect((await told(closing)).facts.design).toHaveProperty('is')
  })
})
