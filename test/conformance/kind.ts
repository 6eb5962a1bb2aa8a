import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Identity } from '../../src/domain/handle.ts'
import { Secret } from '../../src/domain/secret.ts'
import { DEPTHS, type Depth, type Facts, type Kind, PROBE_LIMITS, type ProbeLimits, type ProbeReport } from '../../src/ports/kind.ts'
import { type Behaviour, drips, FOREIGNERS, floods, floodsAtOnce, hangsUp, liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { eventually } from '../support/processes.ts'
import { treeOf } from '../support/scratch.ts'

/** Stands as the password in every handle below. No piece of it may come out anywhere. */
export const PASSWORD = 'qWx7-Zk9@v/P#y'

/** What the laws must know of a kind to hold it to them. */
export interface KindLaws<R> {
  readonly kind: Kind<R>
  /** Handles, and a part of what they lead to. */
  readonly valid: readonly (readonly [handle: string, identity: Partial<Identity>])[]
  readonly invalid: readonly string[]
  /** Parts that variables hold, and a part of what they lead to. */
  readonly variables?: readonly (readonly [parts: Readonly<Record<string, string>>, identity: Partial<Identity>])[]
  /** A handle with PASSWORD, without TLS. */
  at(host: string, port: number): string
  /** The same, with TLS wanted. Null: the protocol has none. */
  readonly tlsAt: ((host: string, port: number) => string) | null
  /** Its own name among the protocols that are told by their first words: it is no foreigner. */
  readonly protocol?: string
  /** Who speaks first once connected, and after TLS where there is some. Default: the client. */
  readonly first?: 'client' | 'server'
  /** `none`: its handles hold no secret (no login exists). Default: a password. */
  readonly secret?: 'password' | 'none'
  /** Behaviours of a server that breaks off in mid-greeting, drips, or floods, in the words of the protocol. */
  readonly greeting: string | Buffer
  readonly flood: { readonly first: string | Buffer; readonly chunk: string | Buffer }
  /** A server's refusal with this text in it. Null: the protocol has no place for a text. */
  readonly refusal: ((text: string) => Behaviour) | null
  readonly lacks?: readonly Lacking[]
  /** Real servers. `null`: not installed here. */
  readonly live: (() => Promise<Live>) | null
}

/** Real servers, and handles that meet them in each way. What the service `lacks` is left out. */
export interface Live {
  readonly good: string
  /** What it tells. Default: a version, and that it is a primary that takes writes. */
  readonly facts?: Partial<Facts>
  readonly replica?: string
  readonly wrongPassword?: string
  readonly noPassword?: string
  /** Or vhost, bucket, key. */
  readonly noSuchDatabase?: string
  readonly notAllowed?: { readonly handle: string; readonly failedAt: Depth }
  readonly tlsNotOffered?: string
  [Symbol.asyncDispose](): Promise<void>
}

/** What a service may not know at all; each is said by its kind, so that no law is passed over in silence. */
export type Lacking = 'replica' | 'login' | 'database' | 'permission' | 'tls'

/** Short, so that a silent server costs a test little. */
const LIMITS: ProbeLimits = { connectMs: 300, statementMs: 400, totalMs: 900 }
/** What a probe may be late by. */
const SLACK = 500

export interface ProbeOptions {
  readonly depth?: Depth
  readonly limits?: ProbeLimits
  readonly signal?: AbortSignal
  readonly today?: () => number
}

/** Probes a handle. Fails when the report, or what can be seen of the resource, holds a piece of PASSWORD. */
export async function probe<R>(kind: Kind<R>, handle: string, options: ProbeOptions = {}): Promise<ProbeReport> {
  const { depth = 'use', limits = LIMITS, signal = new AbortController().signal, today = Date.now } = options
  const resource = kind.parse(new Secret(handle))
  const context = { signal, depth, limits, now: () => performance.now(), today }
  const report = await kind.probe(resource, context)
  expectNoSecret(inspect(report, { depth: 9 }) + JSON.stringify(report))
  expectNoSecret(inspect(resource, { depth: 9, showHidden: true }) + JSON.stringify(resource))
  return report
}

/** The password in the forms that it travels in. */
export function expectNoSecret(text: string, password = PASSWORD): void {
  const inBase64 = [0, 1, 2].map((offset) => {
    const whole = Buffer.from(`${'-'.repeat(offset)}${password}`).toString('base64')
    return whole.slice(4, -4)
  })
  const pieces = [password, encodeURIComponent(password), ...inBase64, password.slice(0, 6), password.slice(-6)]
  for (const piece of pieces) expect(text).not.toContain(piece)
}

/** One line, no control character, nothing that a CI system takes for a command. */
function expectHarmless(report: ProbeReport): void {
  const text = report.ok ? '' : `${report.reason}|${report.hint}|${report.code}`
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  expect(text).not.toMatch(/::(error|warning|add-mask|set-output)/)
  expect(text.length).toBeLessThan(600)
}

/** The laws that every kind keeps which talks to a server. */
export function describeKind<R>(laws: KindLaws<R>): void {
  const { kind } = laws
  describe(`the laws of a kind: ${kind.name}`, () => {
    describeParsing(laws)
    describeLiars(laws)
    if (laws.live !== null) describeLive(laws, laws.live)
  })
}

/** What the laws must know of a kind whose resources are files: no host can be unknown there, no server lies, and nothing is logged in to. */
export interface FileLaws<R> extends Pick<KindLaws<R>, 'kind' | 'valid' | 'invalid' | 'variables'> {
  /** The handle of a path. */
  at(path: string): string
  /** Bytes of a right file that are cut off in the middle of what it begins with, and bytes of another format. */
  readonly broken: readonly Buffer[]
  readonly live: (() => Promise<Live>) | null
}

/** The laws of a kind whose resources are files. */
export function describeFileKind<R>(laws: FileLaws<R>): void {
  const { kind } = laws
  describe(`the laws of a kind of files: ${kind.name}`, () => {
    describeParsing(laws)
    describePlaces(laws)
    // A file that is not there fails at `resolve`, and whom it refuses at `connect`: see describePlaces.
    if (laws.live !== null) describeLive({ kind, lacks: ['replica', 'login', 'database', 'permission', 'tls'] }, laws.live)
  })
}

/** Files of this process that are open. */
const openFiles = (): number => readdirSync('/proc/self/fd').length

function describePlaces<R>({ kind, at, broken }: FileLaws<R>): void {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync('/tmp/att-file-')
    mkdirSync(`${folder}/folder`)
    spawnSync('mkfifo', [`${folder}/fifo`])
    symlinkSync('circle', `${folder}/circle`)
    symlinkSync('nothing', `${folder}/dangling`)
    for (const [index, bytes] of broken.entries()) writeFileSync(`${folder}/broken-${index}`, bytes)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['nothing', 'ENOENT'],
    ['dangling', 'ENOENT'],
    ['circle', 'ELOOP'],
    ['broken-0/inside', 'ENOTDIR'],
    ['folder', 'not-a-file'],
    ['fifo', 'not-a-file'],
  ])('a path with %s at its end fails at resolve, for good, and nothing is opened or made', async (name, code) => {
    const before = treeOf(folder)
    const report = await probe(kind, at(`${folder}/${name}`))
    expect(report).toMatchObject({ ok: false, failedAt: 'resolve', class: 'permanent', code, stages: [] })
    expectHarmless(report)
    expect(treeOf(folder)).toEqual(before)
  })

  test.each(['/dev/zero', '/dev/null'])('%s is never read', async (path) => {
    const started = performance.now()
    expect(await probe(kind, at(path))).toMatchObject({ ok: false, class: 'permanent' })
    expect(performance.now() - started).toBeLessThan(LIMITS.totalMs + SLACK)
  })

  test.each(broken.map((_, index) => index))('a file that is none of this kind fails at speak, for good (%i)', async (index) => {
    const before = openFiles()
    const report = await probe(kind, at(`${folder}/broken-${index}`))
    expect(report).toMatchObject({ ok: false, failedAt: 'speak', class: 'permanent' })
    expectHarmless(report)
    await eventually('all files closed', async () => expect(openFiles()).toBe(before), 2_000)
  })

  test('a probe that is aborted before it begins looks at nothing', async () => {
    const report = await probe(kind, at(`${folder}/nothing`), { signal: AbortSignal.abort() })
    expect(report).toMatchObject({ ok: false, code: 'aborted', class: 'transient', stages: [] })
  })
}

function describeParsing<R>({ kind, valid, invalid, variables = [] }: Pick<KindLaws<R>, 'kind' | 'valid' | 'invalid' | 'variables'>): void {
  test.each(valid)('%s is read, and what may be shown of it is right', (handle, identity) => {
    const resource = kind.parse(new Secret(handle))
    expect(kind.identify(resource)).toMatchObject({ kind: kind.name, ...identity })
  })

  test.each(invalid)('%s is HANDLE_INVALID', (handle) => {
    expect(() => kind.parse(new Secret(handle))).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })

  test.each(variables)('the variables %j make one handle, and are its parts again', (parts, identity) => {
    const given = new Map(Object.entries(parts).map(([part, value]) => [part, new Secret(value)]))
    const handle = kind.compose?.(given) ?? expect.fail('this kind knows no variables')
    expect(kind.identify(kind.parse(handle))).toMatchObject({ kind: kind.name, ...identity })
    const apart = kind.decompose?.(handle, Object.keys(parts)) ?? expect.fail('what is put together can be taken apart')
    expect(Object.fromEntries([...apart].map(([part, value]) => [part, value.reveal()]))).toEqual(parts)
    const again = kind.compose?.(apart) ?? expect.fail('it was composed before')
    expect(again.reveal()).toBe(handle.reveal())
  })

  test('all schemes of a kind lead to a resource of that kind', () => {
    for (const [handle] of valid) {
      const identity = kind.identify(kind.parse(new Secret(handle)))
      expect(kind.schemes).toContain(identity.scheme)
    }
  })
}

function describeLiars<R>(laws: KindLaws<R>): void {
  const { kind, at, tlsAt, greeting, flood, refusal, protocol: own = null, first = 'client', secret = 'password' } = laws
  const flooding = first === 'server' ? floodsAtOnce(flood.first, flood.chunk) : floods(flood.first, flood.chunk)
  const breaksOff: Behaviour = (socket) =>
    first === 'server' ? socket.end(greeting.slice(0, 3)) : socket.once('data', () => socket.end(greeting.slice(0, 3)))
  test('a name that does not exist fails at resolve, for good', async () => {
    const report = await probe(kind, at('nowhere.invalid', 1), { limits: { ...LIMITS, totalMs: 5_000, connectMs: 4_000 } })
    expect(report).toMatchObject({ ok: false, failedAt: 'resolve', stages: [] })
  })

  test('a port where nothing listens fails at connect, for now', async () => {
    const report = await probe(kind, at('127.0.0.1', await freePort()))
    expect(report).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'transient',
      code: 'ECONNREFUSED',
      stages: [{ depth: 'resolve' }],
    })
  })

  const behaviours: readonly (readonly [string, Behaviour])[] = [
    ['accepts and never speaks', silent],
    ['drips one byte at a time', drips(greeting)],
    ['hangs up on the first word', hangsUp],
    ['breaks off in the middle of its greeting', breaksOff],
    ['hangs up at once', (socket) => socket.destroy()],
    ['answers without end', flooding],
    [
      'answers with noise',
      (socket) => socket.on('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0, 1, 2]))),
    ],
  ]

  test('an answer without end is cut off long before the deadline', async () => {
    await using server = await liar(flooding)
    const started = performance.now()
    expect(await probe(kind, at('127.0.0.1', server.port), { limits: PROBE_LIMITS })).toMatchObject({
      ok: false,
      class: 'permanent',
      code: 'too-much',
    })
    expect(performance.now() - started).toBeLessThan(PROBE_LIMITS.statementMs / 2)
  })

  test.each(behaviours)('a server that %s is a failure within the deadline, and no socket is left', async (_, behaviour) => {
    await using server = await liar(behaviour)
    for (const handle of [at, ...(tlsAt === null ? [] : [tlsAt])].map((handleAt) => handleAt('127.0.0.1', server.port))) {
      const started = performance.now()
      const report = await probe(kind, handle)
      expect(performance.now() - started).toBeLessThan(LIMITS.totalMs + SLACK)
      expect(report).toMatchObject({ ok: false })
      expect(['secure', 'speak', 'login', 'use']).toContain(report.ok ? 'ok' : report.failedAt)
      expectHarmless(report)
      await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
    }
    expect(server.seen(), 'at most one connection more than the probe itself').toBeLessThanOrEqual(4)
  })

  test.each(FOREIGNERS.filter(({ protocol }) => protocol !== own))(
    'a server that speaks $protocol is told by its name',
    async ({ protocol, behaviour }) => {
      await using server = await liar(behaviour)
      const report = await probe(kind, at('127.0.0.1', server.port), { limits: { ...LIMITS, totalMs: 3_000 } })
      expect(report).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-protocol' })
      expect(report.ok ? '' : report.reason).toContain(`${protocol} answers there`)
      expect(server.seen()).toBeLessThanOrEqual(2)
    },
  )

  test('an abort ends a probe at once, and no socket is left', async () => {
    await using server = await liar(silent)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 80)
    const started = performance.now()
    const report = await probe(kind, at('127.0.0.1', server.port), { signal: stop.signal, limits: PROBE_LIMITS })
    expect(performance.now() - started).toBeLessThan(80 + SLACK)
    expect(report).toMatchObject({ ok: false, code: 'aborted', class: 'transient' })
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test('a probe that is aborted before it begins contacts nothing', async () => {
    await using server = await liar(silent)
    const report = await probe(kind, at('127.0.0.1', server.port), { signal: AbortSignal.abort() })
    expect(report).toMatchObject({ ok: false, code: 'aborted' })
    expect(server.seen()).toBe(0)
  })

  const hostile: readonly (readonly [string, string])[] = [
    ['escape sequences', 'nope \u001b]0;pwned\u0007\u001b[2J\u001b[31m'],
    ['a command of a CI system', 'nope\n::error::fake\r\n::add-mask::x'],
    ['a turn of the direction of text', 'nope \u202egnp.exe\u2066'],
    ['the password', `no tenant for app:${PASSWORD}@h`],
    ['the password, percent-encoded', `no tenant for app:${encodeURIComponent(PASSWORD)}@h`],
    ['the password in base64', `token ${Buffer.from(`app:${PASSWORD}`).toString('base64')} refused`],
    ['more than a line', `nope ${'x'.repeat(5_000)}`],
  ]

  test.each(refusal === null ? [] : hostile.filter(([what]) => secret === 'password' || !what.startsWith('the password')))(
    'a refusal with %s in it is made harmless',
    async (_, text) => {
      await using server = await liar(refusal?.(text) ?? silent)
      const report = await probe(kind, at('127.0.0.1', server.port))
      expect(report).toMatchObject({ ok: false })
      expectHarmless(report)
      expect(report.ok ? '' : report.reason).toMatch(/server says: (nope|no tenant|token)/)
    },
  )
}

/** Sockets that this process has open. */
const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

function describeLive<R>({ kind, lacks = [] }: Pick<KindLaws<R>, 'kind' | 'lacks'>, open: () => Promise<Live>): void {
  /** As deep as the kind goes. */
  const depths = DEPTHS.slice(0, DEPTHS.indexOf(kind.depth ?? 'use') + 1)
  let live: Live
  beforeAll(async () => {
    live = await open()
  }, 120_000)
  afterAll(async () => {
    await live?.[Symbol.asyncDispose]()
  })

  /** Where the service knows such a thing. */
  const where = (thing: Lacking, title: string, law: () => Promise<void>): void => {
    if (!lacks.includes(thing)) test(title, law)
  }
  /** Probes a handle that `open` must have made. */
  const met = async (handle: string | undefined, limits: ProbeLimits = PROBE_LIMITS): Promise<ProbeReport> =>
    await probe(kind, handle ?? expect.fail('no such handle was made, and `lacks` does not say why'), { limits })

  test('a good server passes every stage in order, and tells what it is', async () => {
    const report = await probe(kind, live.good, { limits: PROBE_LIMITS })
    const { facts = { role: 'primary', writable: true, version: expect.stringMatching(/^\d+\.\d+/) } } = live
    expect(report).toMatchObject({ ok: true, facts })
    expect(report.stages.map(({ depth }) => depth)).toEqual(depths)
    expect(report.totalMs).toBeGreaterThanOrEqual(report.stages.reduce((sum, { ms }) => sum + ms, 0) - 1)
  })

  test.each(depths)('a probe to the depth %s stops there', async (depth) => {
    const before = openSockets()
    const report = await probe(kind, live.good, { depth, limits: PROBE_LIMITS })
    expect(report.ok).toBe(true)
    expect(report.stages.map((stage) => stage.depth)).toEqual(DEPTHS.slice(0, DEPTHS.indexOf(depth) + 1))
    await eventually('all sockets closed', async () => expect(openSockets()).toBeLessThanOrEqual(before), 2_000)
  })

  where('replica', 'a replica answers, and is not writable', async () => {
    expect(await met(live.replica)).toMatchObject({ ok: true, facts: { role: 'replica', writable: false } })
  })

  where('login', 'a wrong password fails at login, for good', async () => {
    const report = await met(live.wrongPassword)
    expect(report).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent' })
    expect(JSON.stringify(report), 'the handle and the environment stay out of a report').not.toContain('://')
  })

  where('login', 'no password where one is asked for fails at login, for good', async () => {
    expect(await met(live.noPassword)).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent' })
  })

  where('database', 'a database that does not exist fails at use, for good', async () => {
    expect(await met(live.noSuchDatabase)).toMatchObject({ ok: false, failedAt: 'use', class: 'permanent' })
  })

  where('permission', 'a missing permission is permanent', async () => {
    const { handle, failedAt = 'use' } = live.notAllowed ?? {}
    expect(await met(handle)).toMatchObject({ ok: false, failedAt, class: 'permanent' })
  })

  where('tls', 'TLS that is asked for and not offered fails at secure, for good', async () => {
    const report = await met(live.tlsNotOffered, { ...LIMITS, totalMs: 3_000 })
    expect(report).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: 'tls-not-offered' })
  })
}
