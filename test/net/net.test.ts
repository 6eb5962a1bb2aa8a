import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { bounded, NetError } from '../../src/net/bounded.ts'
import { connectFirst, dial, resolve } from '../../src/net/dial.ts'
import { harmless, serverSays, worthHiding } from '../../src/net/said.ts'
import { protocolOf, sniff } from '../../src/net/sniff.ts'
import { gather, nextChunk } from '../../src/net/wire.ts'
import { answers, drips, FOREIGNERS, floods, hangsUp, liar, script, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'

const { lookup } = vi.hoisted(() => ({ lookup: vi.fn() }))
vi.mock('node:dns/promises', async (original) => {
  const actual = await original<typeof import('node:dns/promises')>()
  lookup.mockImplementation(actual.lookup)
  return { ...actual, lookup }
})
afterEach(() => lookup.mockClear())

/** TEST-NET-1 (RFC 5737) is a black hole; here no packet leaves for it at all. */
const BLACK_HOLE = '192.0.2.1'
vi.mock('node:net', async (original) => {
  const actual = await original<typeof import('node:net')>()
  const connect = (target: import('node:net').NetConnectOpts) =>
    'host' in target && target.host === '192.0.2.1' ? new actual.Socket() : actual.connect(target)
  return { ...actual, connect }
})

const now = () => performance.now()
const options = (ms: number, signal = new AbortController().signal) => ({ ms, signal, now })
const failure = async (work: Promise<unknown>): Promise<{ readonly at: string; readonly code: string; readonly ms: number }> => {
  const started = now()
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason) => reason,
  )
  if (!(error instanceof NetError)) throw error
  return { at: error.at, code: error.code, ms: now() - started }
}

describe('dialing', () => {
  test('a name that is not there is ENOTFOUND at resolve', async () => {
    expect(await failure(dial({ host: 'nowhere.invalid', port: 1 }, options(4_000)))).toMatchObject({ at: 'resolve', code: 'ENOTFOUND' })
  })

  test('a name server that never answers is a timeout at resolve, although a lookup cannot be cancelled', async () => {
    lookup.mockImplementationOnce(() => new Promise(() => {}))
    const { at, code, ms } = await failure(dial({ host: 'slow.example', port: 1 }, options(150)))
    expect({ at, code }).toEqual({ at: 'resolve', code: 'timeout' })
    expect(ms).toBeLessThan(600)
  })

  test('an address is not asked about', async () => {
    expect(await resolve({ host: '127.0.0.1', port: 9 }, options(10))).toEqual([{ host: '127.0.0.1', port: 9 }])
    expect(await resolve({ host: '::1', port: 9 }, options(10))).toEqual([{ host: '::1', port: 9 }])
    expect(lookup).not.toHaveBeenCalled()
  })

  test('every address of a name is tried, and the first that answers is taken', async () => {
    await using server = await liar(silent)
    lookup.mockResolvedValueOnce([{ address: '127.0.0.2' }, { address: '127.0.0.3' }, { address: '127.0.0.1' }])
    const socket = await dial({ host: 'many.example', port: server.port }, options(2_000))
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  test('a silent address leaves time for the next one', async () => {
    await using server = await liar(silent)
    const started = now()
    const targets = [
      { host: BLACK_HOLE, port: server.port },
      { host: '127.0.0.1', port: server.port },
    ]
    const socket = await connectFirst(targets, options(600))
    expect(now() - started).toBeLessThan(600)
    socket.destroy()
  })

  test('a refusal tells more than a silence', async () => {
    const port = await freePort()
    const targets = [
      { host: BLACK_HOLE, port },
      { host: '127.0.0.1', port },
    ]
    expect(await failure(connectFirst(targets, options(400)))).toMatchObject({ at: 'connect', code: 'ECONNREFUSED' })
  })

  test('a socket that does not exist is ENOENT', async () => {
    expect(await failure(dial({ path: '/nowhere/at.sock' }, options(400)))).toMatchObject({ at: 'connect', code: 'ENOENT' })
  })

  test('an abort ends it', async () => {
    expect(await failure(dial({ host: BLACK_HOLE, port: 1 }, options(5_000, AbortSignal.timeout(50))))).toMatchObject({
      code: expect.stringMatching(/aborted|ENETUNREACH/),
    })
    expect(await failure(dial({ host: 'x.example', port: 1 }, options(5_000, AbortSignal.abort())))).toMatchObject({
      at: 'resolve',
      code: 'aborted',
    })
  })
})

describe('a bound', () => {
  const bound = (ms: number, signal = new AbortController().signal) => ({ at: 'talk', ms, signal }) as const

  test('cleans up once, however it ends', async () => {
    for (const end of ['done', 'fail', 'late', 'abort'] as const) {
      const stop = new AbortController()
      let cleaned = 0
      const work = bounded<string>(bound(30, stop.signal), (done, fail) => {
        if (end === 'done') done('x')
        if (end === 'fail') fail(new NetError('talk', 'x'))
        if (end === 'abort') setTimeout(() => stop.abort(), 5)
        return () => {
          cleaned += 1
        }
      })
      await work.catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 40))
      expect(cleaned, end).toBe(1)
    }
  })

  test('a throw at its start is an error of the network', async () => {
    const work = bounded(bound(100), () => {
      throw Object.assign(new Error('text of a driver'), { code: 'ERR_SOCKET_BAD_PORT' })
    })
    expect(await failure(work)).toMatchObject({ at: 'talk', code: 'ERR_SOCKET_BAD_PORT' })
  })
})

describe('reading', () => {
  test('chunks come one by one and nothing is lost in between', async () => {
    await using server = await liar(script('one', 'two'))
    const signal = new AbortController().signal
    const socket = await dial({ host: '127.0.0.1', port: server.port }, options(1_000))
    socket.write('a')
    expect(String(await nextChunk(socket, 1_000, signal))).toBe('one')
    socket.write('b')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(String(await nextChunk(socket, 1_000, signal))).toBe('two')
    socket.destroy()
  })

  test('an end is null, a silence a timeout, a drip does not outlast the deadline', async () => {
    const signal = new AbortController().signal
    await using gone = await liar(hangsUp)
    await using mute = await liar(silent)
    await using slow = await liar(drips('abcdef', 20))
    const open = (port: number) => dial({ host: '127.0.0.1', port }, options(1_000))
    const [a, b, c] = [await open(gone.port), await open(mute.port), await open(slow.port)]
    a.write('x')
    expect(await nextChunk(a, 1_000, signal)).toBeNull()
    expect(await failure(nextChunk(b, 60, signal))).toMatchObject({ at: 'talk', code: 'timeout' })
    const started = now()
    expect((await gather(c, { ms: 120, limit: 100, signal, enough: 50 })).length).toBeGreaterThan(1)
    expect(now() - started).toBeLessThan(500)
    for (const socket of [a, b, c]) socket.destroy()
  })

  test('no more than the limit is taken from a flood', async () => {
    await using server = await liar(floods('x', 'y'.repeat(65_536)))
    const socket = await dial({ host: '127.0.0.1', port: server.port }, options(1_000))
    socket.write('a')
    const taken = await gather(socket, { ms: 500, limit: 512, signal: new AbortController().signal, enough: 512 })
    expect(taken.length).toBe(512)
    socket.destroy()
  })
})

describe('what speaks there', () => {
  test.each(FOREIGNERS)('$protocol is told by one more connection', async ({ protocol, behaviour }) => {
    await using server = await liar(behaviour)
    expect(await sniff({ host: '127.0.0.1', port: server.port }, { ...options(900), ask: 'text' })).toBe(protocol)
    expect(server.seen()).toBe(1)
    expect(server.heard()).not.toMatch(/host:/i)
  })

  test('PostgreSQL is asked in its own words when the port hung up', async () => {
    await using server = await liar(answers('N'))
    expect(await sniff({ host: '127.0.0.1', port: server.port }, { ...options(900), ask: 'postgres' })).toBe('PostgreSQL')
  })

  test('a silent port stays unknown, within its time, and a closed one too', async () => {
    await using server = await liar(silent)
    const started = now()
    expect(await sniff({ host: '127.0.0.1', port: server.port }, { ...options(400), ask: 'text' })).toBeNull()
    expect(now() - started).toBeLessThan(900)
    expect(await sniff({ host: '127.0.0.1', port: await freePort() }, { ...options(400), ask: 'text' })).toBeNull()
  })

  test('bytes of no protocol are of no protocol', () => {
    expect(protocolOf(Buffer.alloc(0))).toBeNull()
    expect(protocolOf(Buffer.from('hello'))).toBeNull()
    expect(protocolOf(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x28]))).toBe('TLS')
  })
})

describe('the words of a server', () => {
  const password = new Secret('p@ss/w%rd')

  test('are one line of at most 200 characters with every control made visible', () => {
    expect(harmless('a\u001b[2J\u0007\u202eb\r\nc\td\u0000', [])).toBe('a\\u001b[2J\\u0007\\u202eb c d\\u0000')
    expect(harmless('x'.repeat(999), [])).toHaveLength(200)
    expect(harmless('::error::x', [])).not.toMatch(/::error::/)
  })

  test('do not hold a secret in any form', () => {
    for (const form of [
      'p@ss/w%rd',
      'P@SS/W%RD',
      encodeURIComponent('p@ss/w%rd'),
      Buffer.from('p@ss/w%rd').toString('base64'),
      Buffer.from('user:p@ss/w%rd').toString('base64'),
      Buffer.from('us:p@ss/w%rd').toString('base64url'),
      Buffer.from('\0u\0p@ss/w%rd').toString('base64'),
    ]) {
      const words = harmless(`no ${form} here`, [password]) ?? ''
      expect(words).toContain('[secret]')
      expect(Buffer.from(words.split(' ')[1] ?? '', 'base64').toString()).not.toContain('p@ss')
      expect(words.toLowerCase()).not.toContain('p@ss')
    }
  })

  test('are left out when a short secret stands in them, and when nothing is left', () => {
    expect(harmless('password abc is wrong', [new Secret('abc')])).toBeNull()
    expect(serverSays('\n', [])).toBe('')
    expect(serverSays('nope', [])).toBe('; server says: nope')
  })
})

test('a password that is shown anyway hides nothing', () => {
  expect(worthHiding(new Secret('app'), ['app', null])).toEqual([])
  expect(worthHiding(new Secret('other'), ['app', null])).toHaveLength(1)
  expect(worthHiding(null, [null])).toEqual([])
})

test('a server that closes as soon as it accepts leaves no unhandled error', async () => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const socket = await dial({ host: '127.0.0.1', port }, options(1_000))
  expect(await nextChunk(socket, 1_000, new AbortController().signal).catch((error) => error.code)).toSatisfy(
    (got) => got === null || got === 'ECONNRESET',
  )
  socket.destroy()
  await new Promise((done) => server.close(done))
})
