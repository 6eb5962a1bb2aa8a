import { describe, expect, test } from 'vitest'
import type { SurveyLimits } from '../../../../src/ports/kind.ts'
import { type Behaviour, liar } from '../../../support/liars.ts'
import { eventually } from '../../../support/processes.ts'
import { contextOf, judge, open, survey } from './pair.ts'

const HELLO = '%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$4\r\nrole\r\n$6\r\nmaster\r\n'
const LIMITS: SurveyLimits = { statementMs: 400, totalMs: 1_500 }
const SLACK = 700

/** Null hangs up; undefined is no answer. */
type Answer = string | null | undefined

/** Keeps to its protocol during the probe, and answers what comes then as `answer` says. */
const later =
  (answer: (words: readonly string[], at: number) => Answer): Behaviour =>
  (socket) => {
    let at = 0
    let probed = false
    socket.on('data', (chunk) => {
      const commands = [...chunk.toString().matchAll(/\*\d+\r\n((?:\$\d+\r\n[^\r\n]*\r\n)+)/g)]
      for (const [, body = ''] of commands) {
        const words = body.split('\r\n').filter((_, index) => index % 2 === 1)
        const reply = probed ? answer(words, at) : inProbe(words)
        if (probed) at += 1
        if (words[0] === 'INFO') probed = true
        if (reply === null) socket.destroy()
        else if (reply !== undefined && !socket.destroyed) socket.write(reply)
      }
    })
  }

const inProbe = ([word]: readonly string[]): string => (word === 'HELLO' ? HELLO : word === 'PING' ? '+PONG\r\n' : '-ERR no\r\n')

const handleOf = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}`

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

describe('a Redis that lies when it is asked about itself', () => {
  test.each<readonly [string, string]>([
    ['OK', '+OK\r\n'],
    ['a number', ':7\r\n'],
    ['a number below zero', ':-7\r\n'],
    ['nothing', '$-1\r\n'],
    ['an empty list', '*0\r\n'],
    ['lists in lists', '*2\r\n*1\r\n*1\r\n:1\r\n%1\r\n+a\r\n+b\r\n'],
    ['QUEUED', '+QUEUED\r\n'],
    ['noise in words', bulk('\u001b[2J::error::x\u0000 queues:{}')],
    ['an INFO of its own', bulk('run_id:\u001b[31m\r\nmaxmemory:-1\r\nused_memory:many\r\nmaster_replid:x y\r\n')],
    ['errors without sense', '-\u001b]0;pwned\u0007 no\r\n'],
    ['a state to everything', '-LOADING Redis is loading the dataset in memory\r\n'],
  ])('with %s to everything makes facts that can be kept and compared, and no pass of what is not known', async (_, reply) => {
    await using server = await liar(later(() => reply))
    const told = await survey(handleOf(server), { limits: LIMITS })
    expect(JSON.stringify(told)).not.toMatch(/[\p{Cc}\p{Cf}]|(?<!\\)\\u00/u) // What JSON had to escape.
    const findings = await judge(told, told)
    for (const { detail, remedy = '' } of findings.values()) expect(`${detail}${remedy}`).not.toMatch(/\p{Cc}/u)
    expect(findings.get('redis.state')?.status).not.toBe('pass')
    expect(findings.get('redis.policy')?.status).not.toBe('pass')
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test.each<readonly [string, (at: number) => Answer]>([
    ['hangs', () => undefined],
    ['hangs up', () => null],
    ['answers what is no RESP', () => 'what?\r\n'],
    ['answers without end', () => `$900000000\r\n${'x'.repeat(100_000)}`],
    ['nests without end', () => '*1\r\n'.repeat(1_000)],
    ['speaks HTTP of a sudden', () => 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('one that %s in the middle is a clean failure within the bound, and no socket is left', async (_, answer) => {
    for (const from of [0, 3, 8]) {
      await using server = await liar(later((_words, at) => (at < from ? '+PONG\r\n' : answer(at))))
      const started = performance.now()
      await expect(survey(handleOf(server), { limits: LIMITS })).rejects.toMatchObject({
        code: 'PROBE_FAILED',
        message: expect.stringMatching(/^the session broke off while it was asked about its data \([\w-]+\)$/),
      })
      expect(performance.now() - started).toBeLessThan(LIMITS.totalMs + SLACK)
      await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
    }
  })

  test('one that is slow at everything is cut off at the bound of the whole, and the rest is unknown', async () => {
    const slowly: Behaviour = (socket) => {
      const say = later(([word]) => (word === 'PING' ? '+PONG\r\n' : '-ERR no\r\n'))
      const write = socket.write.bind(socket)
      Object.assign(socket, { write: (text: string) => setTimeout(() => !socket.destroyed && write(text), 200) })
      say(socket)
    }
    await using server = await liar(slowly)
    const started = performance.now()
    const told = await survey(handleOf(server), { limits: LIMITS })
    expect(performance.now() - started).toBeLessThan(LIMITS.totalMs + 4 * SLACK)
    expect(told.facts.queues.queues).toEqual({ unknown: 'no time was left to ask' })
  })

  test('a cursor that never comes to its end is followed for a while only', async () => {
    await using server = await liar(
      later(([word, second]) => {
        if (word === 'SCAN' && second !== undefined) return `*2\r\n$2\r\n42\r\n*1\r\n${bulk('bull:x:wait')}`
        return word === 'PING' ? '+PONG\r\n' : ':1\r\n'
      }),
    )
    const told = await survey(handleOf(server), { limits: LIMITS })
    expect(told.facts.queues.unseen).not.toBe('')
  })

  test.each(['SCAN', 'SSCAN', 'LLEN', 'EXISTS'])('time that runs out over %s is no pass of jobs that wait', async (silent) => {
    const answers = new Map([
      ['PING', '+PONG\r\n'],
      ['SCAN', `*2\r\n$1\r\n0\r\n*1\r\n${bulk('shop:mail:wait')}`],
      ['SSCAN', '*2\r\n$1\r\n0\r\n*0\r\n'],
      ['LLEN', ':3\r\n'],
      ['HLEN', ':0\r\n'],
      ['EXISTS', ':1\r\n'],
    ])
    await using server = await liar(later(([word = '']) => (word === silent ? undefined : (answers.get(word) ?? '-ERR no\r\n'))))
    const told = await survey(handleOf(server), { limits: { statementMs: 5_000, totalMs: 1_000 } })
    expect(told.facts.queues.unseen).toContain('no time was left to ask')
    // What has a name that is enough was counted before.
    expect((await judge(told, told)).get('redis.queues_left')).toMatchObject({ status: silent === 'EXISTS' ? 'fail' : 'unknown' })
  })

  test.each(['+OK\r\n', '$-1\r\n'])('what is no length is not taken for an empty queue', async (length) => {
    await using server = await liar(
      later(([word]) => {
        if (word === 'SCAN') return `*2\r\n$1\r\n0\r\n*1\r\n${bulk('bull:mail:delayed')}`
        if (word === 'SSCAN') return '*2\r\n$1\r\n0\r\n*0\r\n'
        if (word === 'ZCARD') return length
        return word === 'PING' ? '+PONG\r\n' : ':0\r\n'
      }),
    )
    const told = await survey(handleOf(server), { limits: LIMITS })
    expect(told.facts.queues).toMatchObject({ queues: { is: [] }, unseen: 'the answer is not what Redis would say' })
  })

  test('one that keeps no transactions is sent nothing that writes', async () => {
    await using server = await liar(later(([word]) => (word === 'MULTI' ? '-ERR unknown command\r\n' : '+OK\r\n')))
    await survey(handleOf(server), { limits: LIMITS })
    expect(server.heard()).toContain('MULTI')
    expect(server.heard()).not.toMatch(/\r\n(SET|SETRANGE|DEL|LPUSHX|ZADD|XADD|EXPIRE|RPOP|EVALSHA|INCR|PUBLISH)\r\n/)
  })

  test('one that only says it keeps them is sent nothing that would change a key', async () => {
    await using server = await liar(later(([word]) => (word === 'RANDOMKEY' ? bulk('session') : word === 'EXISTS' ? ':1\r\n' : '+OK\r\n')))
    const told = await survey(handleOf(server), { limits: LIMITS })
    expect(told.facts.access.refused).toEqual({ unknown: 'the server keeps no transactions' })
    expect(server.heard()).toMatch(/\r\nSETRANGE\r\n\$7\r\nsession\r\n\$1\r\n0\r\n\$0\r\n\r\n/)
    expect(server.heard()).not.toMatch(/\r\n(MSET|SETEX|SETNX|INCR|DECR|HSET|LPUSH|RPUSH|SADD|XGROUP|PUBLISH|SUBSCRIBE|SCRIPT)\r\n/)
  })

  test('an interruption is told as one, at once', async () => {
    await using server = await liar(later(() => undefined))
    const { session } = await open(handleOf(server))
    if (session === null) throw new Error('the probe failed')
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const started = performance.now()
    await expect(session.survey(contextOf({ signal: stop.signal }))).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(performance.now() - started).toBeLessThan(SLACK)
    await session[Symbol.asyncDispose]()
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test('another side that never tells is waited for no longer than there is time', async () => {
    await using server = await liar(later(([word]) => (word === 'PING' ? '+PONG\r\n' : '-ERR no\r\n')))
    const started = performance.now()
    const told = await survey(handleOf(server), { limits: LIMITS, against: new Promise(() => {}) })
    expect(performance.now() - started).toBeLessThan(LIMITS.totalMs + SLACK)
    expect(told.facts.keys.sample).toHaveProperty('unknown')
  })
})
