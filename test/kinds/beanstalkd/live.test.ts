import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import beanstalkd from '../../../src/kinds/beanstalkd/beanstalkd.ts'
import { statsIn, tubesIn } from '../../../src/kinds/beanstalkd/body.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { haveBeanstalkd, startBeanstalkd } from '../../support/beanstalkd.ts'
import { answersLines, liar, script } from '../../support/liars.ts'
import { eventually } from '../../support/processes.ts'

const ok = (body: string): string => `OK ${body.length}\r\n${body}\r\n`

const look = (handle: string) => probe(beanstalkd, handle, { limits: PROBE_LIMITS })

describe.runIf(haveBeanstalkd())('a real beanstalkd', () => {
  test('tells what it is and what waits there, and has nothing new afterwards', async () => {
    await using server = await startBeanstalkd()
    await server.put('mails', 2)
    await server.put('later', 1, { delay: 1_000 })
    const report = await look(`${server.url()}?tube=not-there-yet`)
    expect(report).toMatchObject({
      ok: true,
      facts: {
        product: 'beanstalkd',
        version: expect.stringMatching(/^\d+\.\d+/),
        role: 'primary',
        writable: true,
        tls: null,
        more: {
          id: expect.stringMatching(/^[0-9a-f]{16}$/),
          hostname: expect.any(String),
          tubes: 3,
          ready: 2,
          reserved: 0,
          delayed: 1,
          buried: 0,
        },
      },
      findings: [],
    })
    const after = await server.tell('list-tubes\r\nstats\r\n', 'hostname')
    expect(after).not.toContain('not-there-yet')
    const commands = [...after.matchAll(/^cmd-(\S+): ([1-9]\d*)$/gm)].map(([, name]) => name)
    expect(commands.filter((name) => !['put', 'use', 'stats', 'stats-tube', 'list-tubes', 'list-tube-used'].includes(name ?? ''))).toEqual(
      [],
    )
  })

  test('one that drains answers, and takes no job', async () => {
    await using server = await startBeanstalkd()
    await server.drain()
    expect(await look(server.url())).toMatchObject({
      ok: true,
      facts: { writable: false },
      findings: [{ id: 'bs.drains', status: 'warn' }],
    })
  })
})

describe('a beanstalkd that is not what it should be', () => {
  test.each([
    ['OUT_OF_MEMORY', 'transient'],
    ['INTERNAL_ERROR', 'permanent'],
    ['BAD_FORMAT', 'permanent'],
    ['UNKNOWN_COMMAND', 'permanent'],
  ])('%s is %s', async (word, kind) => {
    await using server = await liar(answersLines(`${word}\r\n`))
    expect(await look(`beanstalkd://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, failedAt: 'speak', class: kind, code: word })
  })

  test('a refusal of the second question fails at use', async () => {
    await using server = await liar(script(ok('---\nversion: "1"\n'), 'INTERNAL_ERROR\r\n'))
    expect(await look(`beanstalkd://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, failedAt: 'use', code: 'INTERNAL_ERROR' })
  })

  test('an old one does not tell whether it drains', async () => {
    await using server = await liar(script(ok('---\nversion: "1.4"\n'), ok('---\n- default\n')))
    expect(await look(`beanstalkd://127.0.0.1:${server.port}`)).toMatchObject({ ok: true, facts: { version: '1.4', writable: 'unknown' } })
  })

  test('what it says of itself is made harmless', async () => {
    const body = '---\nversion: \u001b[2J::error::x\nhostname: \u0007\ndraining: perhaps\n'
    await using server = await liar(script(ok(body), ok('---\n- default\n')))
    const report = await look(`beanstalkd://127.0.0.1:${server.port}`)
    expect(report).toMatchObject({ ok: true, facts: { writable: 'unknown' } })
    expect(JSON.stringify(report.facts)).not.toMatch(/\p{Cc}|(?<!\\)\\u00/u)
  })

  test.each([
    ['a body that ends otherwise', 'OK 4\r\n---\nxx', 'protocol'],
    ['a body that is no list', 'OK 9\r\n---\nnope!\r\n', 'protocol'],
    ['a name twice', 'OK 14\r\n---\na: 1\na: 2\n\r\n', 'protocol'],
    ['a size without end', `OK ${'9'.repeat(30)}\r\n`, 'protocol'],
    ['a size that nobody has', 'OK 999999999\r\n', 'too-much'],
  ])('%s is no answer', async (_, text, code) => {
    await using server = await liar(answersLines(text))
    expect(await look(`beanstalkd://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, class: 'permanent', code })
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test.each([
    ['memcached', 'STAT pid 1\r\nEND\r\n'],
    ['Redis', "-ERR unknown command 'stats'\r\n"],
  ])('%s is told by its name', async (protocol, text) => {
    await using server = await liar(answersLines(text))
    expect(await look(`beanstalkd://127.0.0.1:${server.port}`)).toMatchObject({
      ok: false,
      code: 'wrong-protocol',
      reason: `${protocol} answers there, not beanstalkd`,
    })
  })
})

describe('a body of beanstalkd', () => {
  test('is read as it is sent', () => {
    expect([...statsIn(Buffer.from('---\nversion: "1.12"\nhostname: \nos: #1 SMP: x\n'))]).toEqual([
      ['version', '1.12'],
      ['hostname', ''],
      ['os', '#1 SMP: x'],
    ])
    expect(tubesIn(Buffer.from('---\n- default\n- a/b;c\n'))).toEqual(['default', 'a/b;c'])
    expect(tubesIn(Buffer.from('---\n'))).toEqual([])
  })

  test('of random bytes is a list or is refused, and never anything else', () => {
    const pieces = fc.constantFrom('---\n', '- ', 'a', ': ', '\n', '"', '-', '\0', '[', '&x', '!!js', ' ')
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 20 }), (parts) => {
        for (const read of [statsIn, tubesIn]) {
          try {
            read(Buffer.from(`---\n${parts.join('')}`))
          } catch (error) {
            expect(error).toMatchObject({ name: 'NetError', code: 'protocol' })
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what a handle of beanstalkd says', () => {
  const read = (handle: string) => beanstalkd.parse(new Secret(handle))
  const replaced = (handle: string, parts: Parameters<typeof beanstalkd.replaceParts>[1]) =>
    beanstalkd.replaceParts(new Secret(handle), parts).reveal()

  test('what is odd and not wrong is remarked on, and what tunes a client is told', () => {
    const resource = read('beanstalkd://h?mystery=1&timeout=1&timeout=2&tube=a')
    expect(beanstalkd.remarks(resource).map(({ id }) => id)).toEqual(['handle.unknown_key', 'handle.repeated_key'])
    const { parameters, defaultCredentials } = beanstalkd.traits(resource)
    expect([...parameters]).toEqual([
      ['timeout', '2'],
      ['mystery', '…'],
    ])
    expect(defaultCredentials).toBeNull()
  })

  test.each([
    ['beanstalk://old:1?tube=a&timeout=2', { host: 'new', name: 'b' }, 'beanstalk://new:1?tube=b&timeout=2'],
    ['beanstalkd://old', { port: '2', name: 'a/b' }, 'beanstalkd://old:2?tube=a%2Fb'],
    ['beanstalkd://old/?timeout=2', { name: 'a' }, 'beanstalkd://old/?timeout=2&tube=a'],
    ['beanstalkd://old?', { name: 'a', host: '::1' }, 'beanstalkd://[::1]?tube=a'],
  ])('%s with %o replaced keeps every other byte', (before, parts, after) => {
    expect(replaced(before, parts)).toBe(after)
  })

  test.each([{ user: 'u' }, { password: new Secret('p') }, { host: 'a b' }, { port: '0' }, { name: '-a' }])(
    '%o would be no handle',
    (parts) => {
      expect(() => replaced('beanstalkd://h', parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
    },
  )

  test('what no variable can say is told', () => {
    expect(() => beanstalkd.decompose?.(new Secret('beanstalkd://h?tube=a'))).toThrow(
      expect.objectContaining({ code: 'HANDLE_INVALID', message: 'the handle has parameters, which these variables cannot say' }),
    )
    for (const parts of [{}, { host: 'a@b' }, { host: 'h', port: 'x' }]) {
      const given = new Map(Object.entries(parts).map(([name, value]) => [name, new Secret(value)]))
      expect(() => beanstalkd.compose?.(given)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
    }
  })
})
