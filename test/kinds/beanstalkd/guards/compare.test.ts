import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import beanstalkd from '../../../../src/kinds/beanstalkd/beanstalkd.ts'
import { guards } from '../../../../src/kinds/beanstalkd/guards/guards.ts'
import type { BeanstalkdFacts, Jobs } from '../../../../src/kinds/beanstalkd/guards/survey.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS } from '../../../../src/ports/kind.ts'
import { haveBeanstalkd, startBeanstalkd } from '../../../support/beanstalkd.ts'
import { opened } from '../../../support/memcached.ts'

const NONE: Jobs = { ready: 0, reserved: 0, delayed: 0, buried: 0 }

/** A healthy server without a job. */
const facts = (parts: Partial<BeanstalkdFacts> = {}): BeanstalkdFacts => ({
  tube: null,
  version: { is: '1.12' },
  id: { is: 'aaaa' },
  draining: { is: false },
  jobMax: { is: 65_535 },
  durable: { is: true },
  workers: { is: 3 },
  jobs: { is: NONE },
  tubes: { is: [{ name: 'default', jobs: NONE, watching: 3 }] },
  ...parts,
})

const surveyOf = (some: BeanstalkdFacts): Survey => ({
  kind: 'beanstalkd',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: some,
})

function judge(old: Survey | null, next: Survey, more: Partial<Comparison> = {}): ReadonlyMap<string, Finding> {
  const findings = guards.compare({
    old,
    oldSilent: old === null ? 'the old resource failed at connect' : null,
    next,
    expect: 'writable',
    fresh: null,
    use: null,
    today: Date.now(),
    deploy: 'production',
    ...more,
  })
  return new Map(findings.map((finding) => [finding.id, finding]))
}

type Parts = Partial<BeanstalkdFacts>

const says = (id: string, old: Parts | null, next: Parts = {}, more: Partial<Comparison> = {}): Finding =>
  judge(old === null ? null : surveyOf(facts(old)), surveyOf(facts({ id: { is: 'bbbb' }, ...next })), more).get(id) ??
  expect.fail(`no check ${id}`)

async function survey(handle: string): Promise<Survey & { readonly facts: BeanstalkdFacts }> {
  const context = { signal: new AbortController().signal, now: () => performance.now(), today: Date.now }
  const asked = await beanstalkd.open?.(beanstalkd.parse(new Secret(handle)), { ...context, depth: 'use', limits: PROBE_LIMITS })
  if (asked === undefined || asked.session === null) throw new Error(`the probe failed: ${JSON.stringify(asked?.report)}`)
  await using session = asked.session
  const told = await session.survey({ ...context, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null) })
  return Object.assign(told, { facts: (await guards.decode(JSON.parse(JSON.stringify(told.facts)))) as BeanstalkdFacts })
}

test('two healthy servers without a job differ in nothing', () => {
  const findings = judge(surveyOf(facts()), surveyOf(facts({ id: { is: 'bbbb' } })))
  expect([...findings.values()].filter(({ status }) => status !== 'pass')).toEqual([])
})

describe('draining', () => {
  test('a server that takes no job is refused, and is enough for who takes them out', () => {
    const drains = { draining: { is: true } }
    expect(says('bs.draining', {}, drains)).toMatchObject({ status: 'fail', severity: 'error' })
    expect(says('bs.draining', null, drains)).toMatchObject({ status: 'fail' })
    expect(says('bs.draining', {}, drains, { expect: 'readable' })).toMatchObject({ status: 'warn', severity: 'warn' })
    expect(says('bs.draining', drains, {})).toMatchObject({ status: 'pass' })
    expect(says('bs.draining', {}, { draining: { unknown: 'untold' } })).toMatchObject({ status: 'unknown' })
  })
})

describe('jobs that are left behind', () => {
  const jobs = { is: { ready: 1_200, reserved: 3, delayed: 40, buried: 7 } }
  const tubes = {
    is: [
      { name: 'default', jobs: NONE, watching: 1 },
      { name: 'images', jobs: { ...NONE, delayed: 40 }, watching: 0 },
      { name: 'mails', jobs: { ...NONE, ready: 1_200, reserved: 3 }, watching: 2 },
    ],
  }

  test('are told by tube and state, the fullest first', () => {
    expect(says('bs.left_behind', { jobs, tubes })).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: '1,250 jobs are left on the old one: mails 1,200 ready, 3 reserved; images 40 delayed; 7 in other tubes',
    })
    expect(says('bs.left_behind', { jobs: { is: { ...NONE, buried: 1 } }, tubes: { unknown: 'untold' } }).detail).toBe(
      '1 job is left on the old one: 1 buried',
    )
  })

  test('of many tubes the first are named', () => {
    const many = Array.from({ length: 9 }, (_, at) => ({ name: `t${at}`, jobs: { ...NONE, ready: 10 - at }, watching: 0 }))
    const { detail } = says('bs.left_behind', { jobs: { is: { ...NONE, ready: 54 } }, tubes: { is: many } })
    expect(detail).toBe('54 jobs are left on the old one: t0 10 ready; t1 9 ready; t2 8 ready; t3 7 ready; t4 6 ready; 14 in other tubes')
  })

  test('where the handle names a tube, its jobs alone are those of the app', () => {
    expect(says('bs.left_behind', { tube: 'images', jobs, tubes })).toMatchObject({
      status: 'fail',
      detail: '40 jobs are left on the old one: images 40 delayed',
    })
    expect(says('bs.left_behind', { tube: 'default', jobs, tubes })).toMatchObject({ status: 'pass' })
    expect(says('bs.left_behind', { tube: 'gone', jobs, tubes })).toMatchObject({ status: 'pass' })
    expect(says('bs.left_behind', { tube: 'mails', jobs, tubes: { unknown: 'untold' } })).toMatchObject({ status: 'unknown' })
  })

  test('on the very same server are not left, unless another tube is meant', () => {
    expect(says('bs.left_behind', { jobs, tubes }, { id: { is: 'aaaa' } })).toMatchObject({ status: 'pass' })
    expect(says('bs.left_behind', { tube: 'mails', jobs, tubes }, { id: { is: 'aaaa' }, tube: 'letters' })).toMatchObject({
      status: 'fail',
    })
  })

  test('of a dead server are not known', () => {
    expect(says('bs.left_behind', null)).toMatchObject({
      status: 'unknown',
      severity: 'error',
      detail: 'the old resource failed at connect',
    })
  })
})

test.each([
  [true, true, null, 'pass', 'warn'],
  [false, false, 'queue', 'pass', 'warn'],
  [false, true, null, 'pass', 'warn'],
  [true, false, null, 'warn', 'warn'],
  [true, false, 'cache', 'warn', 'warn'],
  [true, false, 'queue', 'fail', 'error'],
  [true, false, 'store', 'fail', 'error'],
] as const)('a log of the jobs: %s to %s, used as %s: %s', (old, next, use, status, severity) => {
  expect(says('bs.durable', { durable: { is: old } }, { durable: { is: next } }, { use })).toMatchObject({ status, severity })
})

test('smaller jobs, an older version, no worker and the same server are told', () => {
  expect(says('bs.job_size', { jobMax: { is: 1024 ** 2 } })).toMatchObject({
    status: 'warn',
    detail: 'jobs of 64 KiB at most, where the old one takes 1 MiB',
    remedy: 'start the new one with -z 1048576',
  })
  expect(says('bs.version', {}, { version: { is: '1.10' } })).toMatchObject({ status: 'warn', severity: 'warn' })
  expect(says('bs.version', { version: { is: '2.0' } })).toMatchObject({ status: 'fail', severity: 'error' })
  expect(says('bs.version', { version: { is: '1.9' } })).toMatchObject({ status: 'pass' })
  expect(says('bs.tubes', {}, { workers: { is: 0 } })).toMatchObject({ status: 'warn', severity: 'info' })
  expect(says('bs.tubes', { workers: { is: 0 } }, { workers: { is: 0 } })).toMatchObject({ status: 'pass' })
  expect(says('bs.identity', {}, { id: { is: 'aaaa' } })).toMatchObject({
    status: 'warn',
    severity: 'info',
    detail: 'the very same server',
  })
})

describe.runIf(haveBeanstalkd())('on real servers', () => {
  test('what is wrong with the new one, and what is left on the old one, is found', async () => {
    await using old = await startBeanstalkd({ durable: 'yes', args: ['-z', '100000'] })
    await using next = await startBeanstalkd()
    await old.put('mails', 3)
    await old.put('images', 2, { delay: 1_000 })
    const worker = await opened(old.port)
    worker.write('watch mails\r\nreserve\r\n')
    await new Promise((resolve) => worker.once('data', resolve))
    await next.drain()
    const [ours, theirs] = [await survey(old.url()), await survey(next.url())]
    const findings = judge(ours, theirs, { use: 'queue' })
    worker.destroy()
    expect(Object.fromEntries([...findings].map(([id, { status }]) => [id, status]))).toEqual({
      'bs.draining': 'fail',
      'bs.left_behind': 'fail',
      'bs.durable': 'fail',
      'bs.job_size': 'warn',
      'bs.version': 'pass',
      'bs.tubes': 'warn',
      'bs.identity': 'pass',
    })
    expect(findings.get('bs.left_behind')?.detail).toMatch(
      /^5 jobs are left on the old one: mails \d ready(, 1 reserved)?; images 2 delayed$/,
    )
  })

  test('of very many tubes that of the handle is asked for all the same', async () => {
    await using server = await startBeanstalkd()
    const jobs = Array.from({ length: 260 }, (_, at) => `use tube-${at}\r\nput 0 0 60 1\r\nx\r\n`).join('')
    await server.tell(`${jobs}list-tube-used\r\n`, 'INSERTED 260\r\n')
    const told = await survey(`${server.url()}?tube=tube-259`)
    const names = 'is' in told.facts.tubes ? told.facts.tubes.is.map(({ name }) => name) : []
    expect(names).toHaveLength(200)
    expect(names[0]).toBe('tube-259')
    expect(told.resource).toEqual({ is: expect.stringMatching(/^[0-9a-f]{16} tube-259$/) })
  })
})
