import { expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import { type Check, type Finding, found, passed, unknown } from '../../src/domain/finding.ts'
import type { Survey } from '../../src/domain/survey.ts'
import type { Asked } from '../../src/engine/ask.ts'
import { type CompareSetting, compare, type OldTold } from '../../src/engine/compare.ts'
import { findingsOf } from '../../src/engine/preflight.ts'
import type { Guards } from '../../src/ports/kind.ts'

const KEY = 'DATABASE_URL' as Key
const CHECK: Check = { id: 'fake.jobs', severity: 'error', cost: 'free', about: 'Jobs are left behind.' }

/** Its facts are what a comparison with it finds. */
const speaks = (facts: 'fail' | 'pass' | 'unknown'): Survey => ({
  kind: 'fake',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { is: facts },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts,
})

const FINDINGS: Readonly<Record<string, Finding>> = {
  fail: found(CHECK, 'three jobs are left'),
  pass: passed(CHECK, 'none is left'),
  unknown: unknown(CHECK, 'not told'),
}

const guards: Guards = {
  checks: [CHECK],
  compare: ({ old }) => [FINDINGS[String(old?.facts)] ?? unknown(CHECK, 'nobody spoke')],
  decode: async (facts) => facts,
}

function asked(side: 'old' | 'new'): Asked {
  const report = { ok: true, stages: [], totalMs: 1, facts: {}, findings: [] } as const
  const resource = {
    kind: 'fake',
    identity: { kind: 'fake', scheme: 'fake', host: side, tls: 'disable' },
    depth: 'use',
    remarks: [],
    traits: { parameters: new Map(), defaultCredentials: null },
    probe: () => expect.fail('not probed again'),
    open: () => expect.fail('not opened again'),
    guards: async () => guards,
  } as const
  const session = { survey: async () => ({ ...speaks('pass'), resource: { is: side } }), [Symbol.asyncDispose]: async () => {} }
  return { key: KEY, side, resource, report, session }
}

const SETTING: CompareSetting = {
  ...{ deploy: 'here', signal: new AbortController().signal, reporter: { event: () => {} } },
  ...{ clock: () => 0, now: () => '2026-01-02T00:00:00.000Z' },
  kinds: {
    read: () => expect.fail('nothing is read'),
    describe: () => '',
    joined: async (changes) => changes.map((change) => ({ ...change, keys: [change.key], kind: null, findings: [], problem: null })),
    seems: () => null,
  },
}

async function jobs(living: OldTold, baseline: Survey | null): Promise<Finding | undefined> {
  const { findings } = await compare(
    {
      ...{ key: KEY, next: asked('new'), old: asked('old'), oldTold: Promise.resolve(living), within: false, goesBack: false },
      ...{
        expect: 'writable',
        declared: null,
        oldTarget: 'fake://h',
        baseline: baseline === null ? null : { ...baseline, target: 'fake://h' },
      },
    },
    SETTING,
  )
  return findings.find(({ id }) => id === CHECK.id)
}

const lives = (facts: 'fail' | 'pass' | 'unknown'): OldTold => ({ survey: speaks(facts), silent: null })
const DEAD: OldTold = { survey: null, silent: 'the old resource failed at connect' }

test.each([
  ['what the living one shows to be wrong stays wrong, whatever its baseline says', lives('fail'), 'pass', 'fail'],
  ['what the baseline shows to be lost is lost, though the living one lost it too', lives('pass'), 'fail', 'fail'],
  ['what one of them did not tell the other tells', lives('unknown'), 'pass', 'pass'],
  ['of a dead one the baseline speaks alone', DEAD, 'pass', 'pass'],
] as const)('%s', async (_, living, baseline, status) => {
  expect(await jobs(living, speaks(baseline))).toMatchObject({ status })
})

test('without a baseline the living one speaks alone, and for a dead one nobody does', async () => {
  expect(await jobs(lives('fail'), null)).toMatchObject({ status: 'fail' })
  expect(await jobs(DEAD, null)).toMatchObject({ status: 'unknown' })
})

test('what a probe finds and a guard judges again is told once, by the guard; where nothing is compared the probe tells it', async () => {
  const next = asked('new')
  const report = { ...next.report, findings: [found(CHECK, 'the probe saw jobs'), found({ ...CHECK, id: 'fake.odd' }, 'odd')] }
  const told = async (isCompared: boolean): Promise<readonly string[]> => {
    const { findings } = await findingsOf(
      {
        change: { key: KEY, before: null, after: null },
        resource: next.resource,
        next: { ...next, report },
        old: asked('old'),
        isCompared,
      },
      { verb: 'swap', expect: null, declared: new Map(), baselines: new Map(), allowed: [], strictness: 'usual' },
      SETTING,
    )
    return findings.filter(({ id }) => id.startsWith('fake.')).map(({ detail }) => detail)
  }
  expect(await told(true)).toEqual(['odd', 'none is left'])
  expect(await told(false)).toEqual(['the probe saw jobs', 'odd'])
})
