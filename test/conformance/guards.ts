import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Survey } from '../../src/domain/survey.ts'
import {
  type Comparison,
  type Guards,
  type Kind,
  PROBE_LIMITS,
  type Session,
  SURVEY_LIMITS,
  type SurveyContext,
} from '../../src/ports/kind.ts'
import { eventually } from '../support/processes.ts'
import { type Relay, relay } from '../support/relay.ts'
import { expectNoSecret } from './kind.ts'

/** What the laws must know of a kind whose resources can be compared. */
export interface GuardLaws<R> {
  readonly kind: Kind<R>
  /** Checks that nothing is asked for here: of what the handles say, or of what nobody declared. */
  readonly unasked?: readonly string[]
  /** `none`: they are files, and no server can fall silent. Default: a server is asked over a connection that can be cut. */
  readonly server?: 'none'
  /** Two real servers, or two resources of one. */
  start(): Promise<Compared>
}

export interface Compared {
  /** `port`: of a relay to the server. Default: the server's own. Holds the password `password`. */
  old(port?: number): string
  next(port?: number): string
  readonly ports: { readonly old: number; readonly next: number }
  /** Another handle of the old one, where there is no server that a relay could stand before. */
  readonly alias?: string
  readonly password: string
  /** A handle that is let in nowhere. */
  readonly refused: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Each title is a sentence of `src/ports/kind.ts`. */
export function describeGuards<R>({ kind, unasked = [], server, start }: GuardLaws<R>): void {
  describe(`${kind.name}: two resources are compared`, () => {
    let compared: Compared
    let guards: Guards
    beforeAll(async () => {
      compared = await start()
      guards = (await kind.guards?.()) ?? expect.fail('no guards')
    }, 120_000)
    afterAll(async () => {
      await compared?.[Symbol.asyncDispose]()
    })

    const open = async (handle: string): Promise<Session> => {
      const opened = await kind.open?.(kind.parse(new Secret(handle)), probing())
      expect(opened?.report).toMatchObject({ ok: true })
      return opened?.session ?? expect.fail('no session was left open')
    }

    const surveyOf = async (handle: string, context: Partial<SurveyContext> = {}): Promise<Survey> => {
      await using session = await open(handle)
      return await session.survey({ ...surveying(), ...context })
    }

    const surveyThrough = async (how: (through: Relay, session: Session) => Promise<Survey>): Promise<unknown> => {
      await using through = await relay(compared.ports.old)
      await using session = await open(compared.old(through.port))
      const outcome = await how(through, session).catch((error: unknown) => error)
      await session[Symbol.asyncDispose]()
      await eventually('the socket is closed', async () => expect(through.open()).toBe(0))
      return outcome
    }

    const comparisonOf = (old: Survey | null, next: Survey): Comparison => ({
      old,
      oldSilent: old === null ? 'the old resource failed at connect' : null,
      next,
      expect: 'writable',
      fresh: null,
      use: null,
      today: Date.now(),
      deploy: 'production',
    })

    test('a probe to depth use leaves its session open when it succeeds, and the report is that of probe', async () => {
      await using session = await open(compared.old())
      expect(await session.survey(surveying())).toMatchObject({ kind: kind.name })
      const report = await kind.probe(kind.parse(new Secret(compared.old())), probing())
      const opened = await kind.open?.(kind.parse(new Secret(compared.old())), probing())
      await opened?.session?.[Symbol.asyncDispose]()
      const shape = (some: typeof report | undefined) => ({
        ok: some?.ok,
        facts: some?.facts,
        stages: some?.stages.map(({ depth }) => depth),
      })
      expect(shape(opened?.report)).toEqual(shape(report))
    })

    test('no session: the probe failed', async () => {
      const opened = await kind.open?.(kind.parse(new Secret(compared.refused)), probing())
      expect(opened).toMatchObject({ report: { ok: false }, session: null })
    })

    test('the same text for two handles that lead to one resource, and for no others', async () => {
      await using through = server === 'none' ? null : await relay(compared.ports.old)
      const alias =
        through === null ? (compared.alias ?? expect.fail('no other handle of the old one was made')) : compared.old(through.port)
      const [direct, behind, other] = await Promise.all([surveyOf(compared.old()), surveyOf(alias), surveyOf(compared.next())])
      expect(direct.resource).toEqual({ is: expect.any(String) })
      expect(behind.resource).toEqual(direct.resource)
      expect(other.resource).not.toEqual(direct.resource)
    })

    test('a survey is plain data and holds no secret', async () => {
      const survey = await surveyOf(compared.old())
      expect(JSON.parse(JSON.stringify(survey))).toEqual(survey)
      expectNoSecret(JSON.stringify(survey), compared.password)
      expect(survey.roundTripMs).toEqual({ is: expect.any(Number) })
    })

    test('the facts of a survey that was kept in a file are read back as they were', async () => {
      const { facts } = await surveyOf(compared.old())
      expect(await guards.decode(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
    })

    test.each([null, 1, [], {}, { server: null }, 'facts', { __proto__: { polluted: true } }])(
      'what no survey told is not taken for facts: %j',
      async (facts) => {
        await expect(guards.decode(facts)).rejects.toThrow()
      },
    )

    test('the same surveys give the same findings, one of each check, in the order of the checks', async () => {
      const [old, next] = [await surveyOf(compared.old()), await surveyOf(compared.next())]
      const kept = JSON.stringify([old, next])
      const findings = guards.compare(comparisonOf(old, next))
      expect(guards.compare(comparisonOf(old, next))).toEqual(findings)
      expect(JSON.stringify([old, next])).toBe(kept)
      const asked = guards.checks.map(({ id }) => id).filter((id) => findings.some((finding) => finding.id === id))
      expect(findings.map(({ id }) => id)).toEqual(asked)
    })

    test('a dead old resource leaves unknown what needs it, and the rest is told', async () => {
      const [old, next] = [await surveyOf(compared.old()), await surveyOf(compared.next())]
      const both = guards.compare(comparisonOf(old, next))
      const alone = guards.compare(comparisonOf(null, next))
      expect(alone.map(({ id }) => id)).toEqual(both.map(({ id }) => id))
      expect(alone.some(({ status }) => status === 'unknown')).toBe(true)
      expect(alone.some(({ status }) => status === 'pass')).toBe(true)
      expect(alone.filter(({ status }) => status === 'fail')).toEqual([])
    })

    test('what was not told is unknown, never a pass', async () => {
      const [old, next] = [await surveyOf(compared.old()), await surveyOf(compared.next())]
      const findings = guards.compare(comparisonOf(silenced(old), silenced(next)))
      const told = findings.filter(({ id, status }) => status !== 'unknown' && !unasked.includes(id))
      expect(told.map(({ id, status, detail }) => [id, status, detail])).toEqual([])
    })

    if (server === 'none') return

    test('it rejects with PROBE_FAILED when the session breaks', async () => {
      const outcome = await surveyThrough(async (through, session) => {
        const survey = session.survey(surveying())
        through.cut()
        return await survey
      })
      expect(isAttachError(outcome, 'PROBE_FAILED')).toBe(true)
    })

    test('it rejects with INTERRUPTED when it is asked to stop', async () => {
      const outcome = await surveyThrough(async (through, session) => {
        const stop = new AbortController()
        through.freeze()
        const survey = session.survey({ ...surveying(), signal: stop.signal })
        stop.abort()
        return await survey
      })
      expect(isAttachError(outcome, 'INTERRUPTED')).toBe(true)
    })

    test('every question has a bound: a server that falls silent is not waited for', async () => {
      const started = performance.now()
      const outcome = await surveyThrough(async (through, session) => {
        through.freeze()
        return await session.survey({ ...surveying(), limits: { statementMs: 200, totalMs: 600 } })
      })
      expect(isAttachError(outcome, 'PROBE_FAILED')).toBe(true)
      expect(performance.now() - started).toBeLessThan(4_000)
    })

    test.each([1, 2, 3, 5, 8, 13, 21])('also when it falls silent at its question %i', async (at) => {
      let said = 0
      const started = performance.now()
      const outcome = await surveyThrough(async (through, session) => {
        through.onSaid(() => {
          said += 1
          if (said === at) through.freeze()
        })
        return await session.survey({ ...surveying(), limits: { statementMs: 150, totalMs: 1_000 } })
      })
      const isWhole = typeof outcome === 'object' && outcome !== null && 'facts' in outcome
      expect({ said, broke: isAttachError(outcome, 'PROBE_FAILED'), isWhole }).toSatisfy((end: { broke: boolean }) => end.broke !== isWhole)
      expect(said < at || !isWhole || JSON.stringify(outcome).includes('"unknown"'), 'what was not answered is not told').toBe(true)
      expect(performance.now() - started).toBeLessThan(4_000)
    })
  })
}

const clocks = { now: () => performance.now(), today: () => Date.now() }
const probing = () => ({ signal: new AbortController().signal, depth: 'use', limits: PROBE_LIMITS, ...clocks }) as const
const surveying = (): SurveyContext => ({
  signal: new AbortController().signal,
  limits: SURVEY_LIMITS,
  fresh: null,
  against: Promise.resolve(null),
  ...clocks,
})

/** The same survey of a server that told nothing. */
function silenced<T>(part: T): T {
  if (Array.isArray(part)) return part.map(silenced) as T // The same shape, as far as a survey says.
  if (typeof part !== 'object' || part === null) return part
  if ('is' in part && Object.keys(part).length === 1) return { unknown: 'it may not be seen' } as T
  return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, silenced(each)])) as T
}
