import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Health } from '../../../src/domain/deploy.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { app, healthOf } from '../../support/declared.ts'
import { type Behaviour, greets, liar, silent } from '../../support/liars.ts'
import { freePort } from '../../support/ports.ts'

/** A server of 127.0.0.1 that answers like this. */
async function server(answer: RequestListener, pair?: { readonly cert: string; readonly key: string }, host = '127.0.0.1') {
  const made: Server =
    pair === undefined ? createServer(answer) : createTlsServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, answer)
  await new Promise<void>((resolve) => made.listen(0, host, resolve))
  const address = made.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        made.closeAllConnections()
        made.close(() => resolve())
      }),
  }
}

/** Answers the n-th request with the n-th of these, the last one for ever. */
const inTurn = (...statuses: readonly number[]): RequestListener & { asked: number } => {
  const listener = Object.assign(
    (...[, response]: Parameters<RequestListener>) => {
      response.statusCode = statuses[Math.min(listener.asked, statuses.length - 1)] ?? 200
      listener.asked += 1
      response.end('said')
    },
    { asked: 0 },
  )
  return listener
}

const byUrl = (url: string, rest: { status?: number; body?: string | null } = {}): Health['check'] => ({
  by: 'url',
  url,
  status: 200,
  body: null,
  ...rest,
})

/** One check, and time enough for it. */
const ONCE = { timeoutMs: 1_000, intervalMs: 10_000 }

/** Why the app is not well; null, it is. */
async function ask(
  check: Health['check'],
  rest: Partial<Health> = {},
  env: Record<string, string> = {},
): Promise<{ why: string | null; ms: number }> {
  using place = app({ health: healthOf(check, rest) }, env)
  const started = performance.now()
  const settled = await place.settle()
  const [why = 'nothing settled'] = place.whys()
  expect(settled).toBe(why === null ? 'yes' : 'no')
  expect(place.asked).toEqual([])
  return { why, ms: performance.now() - started }
}

/** Against a server that does not keep to HTTP. */
async function askLiar(behave: Behaviour, rest: Partial<Health> = {}, check: { body?: string } = {}) {
  await using there = await liar(behave)
  const said = await ask(byUrl(`http://127.0.0.1:${there.port}/`, check), { timeoutMs: 800, intervalMs: 10_000, ...rest })
  return { ...said, why: said.why?.replace(String(there.port), 'PORT') ?? null }
}

describe('health by URL', () => {
  test('is well after so many good answers in a row', async () => {
    const answer = inTurn(500, 200, 503, 200, 200, 200)
    await using there = await server(answer)
    expect((await ask(byUrl(`http://127.0.0.1:${there.port}/`), { successes: 3 })).why).toBeNull()
    expect(answer.asked).toBe(6)
  })

  test('waits between two checks', async () => {
    await using there = await server(inTurn(200))
    expect((await ask(byUrl(`http://127.0.0.1:${there.port}/`), { successes: 3, intervalMs: 150 })).ms).toBeGreaterThan(290)
  })

  test('that comes and goes never settles', async () => {
    let asked = 0
    await using there = await server((_request, response) => {
      asked += 1
      response.writeHead(asked % 2 === 0 ? 200 : 500).end()
    })
    const { why } = await ask(byUrl(`http://127.0.0.1:${there.port}/ready?token=secret`), { timeoutMs: 1_000 })
    const failed = `http://127.0.0.1:${there.port}/ready answered 500; 200 was expected`
    const ended = '1 s passed (timeout of health in attach.yaml)'
    const either = [`${failed}; ${ended}`, `only the last 1 of 2 checks in a row went well, and before that ${failed}; ${ended}`]
    expect(either).toContain(why)
    expect(asked).toBeGreaterThan(2)
  })

  test('says so when the time was too short for so many', async () => {
    await using there = await server(inTurn(200))
    const { why } = await ask(byUrl(`http://127.0.0.1:${there.port}/`), ONCE)
    expect(why).toBe('only the last 1 of 2 checks in a row went well; 1 s passed (timeout of health in attach.yaml)')
  })

  test('sends a plain GET to the path and the query, without credentials, on a connection of its own', async () => {
    const seen: unknown[] = []
    await using there = await server((request, response) => {
      seen.push([request.method, request.url, request.headers])
      response.end()
    })
    await ask(
      byUrl(`http://user:pass@127.0.0.1:${there.port}/a%20b?token=t`),
      { successes: 1 },
      { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' },
    )
    const headers = {
      host: `127.0.0.1:${there.port}`,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'attach',
      connection: 'close',
    }
    expect(seen).toEqual([['GET', '/a%20b?token=t', headers]])
  })

  test.each(['127.0.0.1', '::1'])('finds a server that listens on %s by the name localhost', async (host) => {
    await using there = await server(inTurn(204), undefined, host)
    expect((await ask(byUrl(`http://localhost:${there.port}/`, { status: 204 }))).why).toBeNull()
  })

  test('finds a server by its address of IPv6', async () => {
    await using there = await server(inTurn(200), undefined, '::1')
    expect((await ask(byUrl(`http://[::1]:${there.port}/`))).why).toBeNull()
  })

  test('follows no redirect, and tells the other host but not where there', async () => {
    await using there = await server((_request, response) =>
      response.writeHead(302, { location: 'https://elsewhere.test/login?token=t' }).end(),
    )
    const { why } = await ask(byUrl(`http://127.0.0.1:${there.port}/`), ONCE)
    expect(why).toContain('answered 302 to another place (elsewhere.test), and redirects are not followed; 200 was expected; 1 s passed')
    expect(why).not.toContain('token')
    expect((await ask(byUrl(`http://127.0.0.1:${there.port}/`, { status: 302 }))).why).toBeNull()
  })

  test('looks for a text in the body, also where it comes in pieces', async () => {
    await using there = await server((_request, response) => {
      response.write('{"status":"o')
      setTimeout(() => response.end('k"}'), 30)
    })
    const url = `http://127.0.0.1:${there.port}/`
    expect((await ask(byUrl(url, { body: '"ok"' }))).why).toBeNull()
    expect((await ask(byUrl(url, { body: 'fine' }), ONCE)).why).toContain('answered 200, but not with the wanted text; 1 s passed')
  })

  test('reads no further than 64 KiB of a body without an end', async () => {
    let sent = 0
    await using there = await server((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 50_000_000 && response.write('x'.repeat(10_000))) sent += 10_000
      }
      response.on('drain', more)
      more()
    })
    const { why } = await ask(byUrl(`http://127.0.0.1:${there.port}/`, { body: 'y' }), ONCE)
    expect(why).toContain('but not with the wanted text')
    expect(sent).toBeLessThan(20_000_000)
  })

  test('needs no body to end where none is asked for', async () => {
    await using there = await server((_request, response) => void response.write('x'))
    expect((await ask(byUrl(`http://127.0.0.1:${there.port}/`))).why).toBeNull()
  })

  test('tells a port where nobody listens', async () => {
    const port = await freePort()
    expect((await ask(byUrl(`http://127.0.0.1:${port}/x?y=z`), ONCE)).why).toBe(
      `http://127.0.0.1:${port}/x refused the connection; 1 s passed (timeout of health in attach.yaml)`,
    )
  })

  test('tells a name that leads nowhere', async () => {
    expect((await ask(byUrl('http://no-such-host.invalid/'), { timeoutMs: 2_000 })).why).toMatch(
      /has a host name that leads nowhere|did not answer in/,
    )
  })

  const drip: Behaviour = (socket) => {
    const timer = setInterval(() => socket.write('H'), 20)
    socket.on('close', () => clearInterval(timer))
  }
  const dripBody: Behaviour = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
    drip(socket)
  }
  test.each<[string, Behaviour, RegExp]>([
    ['is silent', silent, /did not answer in 0\.\d s/],
    ['sends no head to its end', (socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nA: ')), /did not answer in 0\.\d s/],
    ['speaks no HTTP', greets('-ERR unknown command\r\n\r\n'), /does not speak HTTP\/1\.1 \(HPE_\w+\)/],
    ['hangs up', (socket) => socket.destroy(), /ended the connection without an answer/],
    [
      'sends a head without an end',
      (socket) => void setInterval(() => socket.destroyed || socket.write(`A: ${'b'.repeat(5_000)}\r\n`), 5).unref(),
      /does not speak|ended the connection|did not answer/,
    ],
  ])('is bounded against a server that %s', async (_name, behave, expected) => {
    const { why, ms } = await askLiar(behave)
    expect(why).toMatch(expected)
    expect(ms).toBeLessThan(3_000)
  })

  test('is bounded against a body that drips', async () => {
    const { why, ms } = await askLiar(dripBody, {}, { body: 'ok' })
    expect(why).toMatch(/did not answer in 0\.\d s/)
    expect(ms).toBeLessThan(3_000)
  })

  test('ends at once when somebody wants to stop, in a check and between two', async () => {
    await using there = await liar(silent)
    for (const url of [`http://127.0.0.1:${there.port}/`, `http://127.0.0.1:${await freePort()}/`]) {
      const controller = new AbortController()
      using place = app({ health: healthOf(byUrl(url), { intervalMs: 20_000, timeoutMs: 20_000 }) })
      setTimeout(() => controller.abort(), 100)
      const started = performance.now()
      expect(await place.settle({ signal: controller.signal })).toBe('no')
      expect(performance.now() - started).toBeLessThan(4_000)
      expect(place.whys()).toEqual(['it was interrupted'])
    }
  })

  test('says once what is not well yet, for who wants to know', async () => {
    await using there = await server(inTurn(500, 500, 500, 503, 200))
    using place = app({ health: healthOf(byUrl(`http://127.0.0.1:${there.port}/`)) })
    await place.settle()
    expect(place.events.map(({ type }) => type)).toEqual(['settling', 'detail', 'detail', 'settled'])
    expect(place.events[0]).toMatchObject({ step: 'health', what: `http://127.0.0.1:${there.port}/` })
  })
})

describe('health over TLS', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates[Symbol.dispose]())
  const over = async (pair: 'good' | 'wrongHost' | 'expired', env: Record<string, string> = { SSL_CERT_FILE: certificates.ca }) => {
    await using there = await server(inTurn(200), certificates[pair])
    return (await ask(byUrl(`https://localhost:${there.port}/`), { timeoutMs: 1_500, intervalMs: 10_000, successes: 1 }, env)).why
  }

  test('is well where an authority of this system vouches for the name', async () => {
    expect(await over('good')).toBeNull()
    expect(await over('good', { NODE_EXTRA_CA_CERTS: certificates.ca })).toBeNull()
  })

  test.each(['wrongHost', 'expired'] as const)('is not well with a certificate that is %s', async (pair) => {
    expect(await over(pair)).toMatch(/has a certificate that is not to be trusted \(\w+\)/)
  })

  test('is not well with an authority that nobody knows, whatever the environment says', async () => {
    expect(await over('good', { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatch(/has a certificate that is not to be trusted/)
  })

  test('is told where the server speaks plain HTTP', async () => {
    await using there = await server(inTurn(200))
    expect((await ask(byUrl(`https://127.0.0.1:${there.port}/`), ONCE)).why).toContain('does not speak TLS there')
  })
})

describe('health by command', () => {
  test('is well after so many successes in a row', async () => {
    using place = app({
      health: healthOf(
        { by: 'command', run: 'n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n >n; [ $n != 2 ] && echo up' },
        { successes: 3 },
      ),
    })
    expect(await place.settle()).toBe('yes')
    expect(place.read('n')).toBe('5\n')
    expect(place.printed()).toEqual([])
  })

  test('shows what the last check printed, and how it ended', async () => {
    using place = app({ health: healthOf({ by: 'command', run: 'echo "not up: $(cat n)"; printf x >>n; exit 9' }, { timeoutMs: 1_000 }) })
    place.write('n', '')
    expect(await place.settle()).toBe('no')
    expect(place.whys()).toEqual(['its command ended with exit status 9; 1 s passed (timeout of health in attach.yaml)'])
    const tries = place.read('n').length // The last of them may have been cut short by the end of the time.
    expect([tries - 1, tries - 2].map((before) => `not up: ${'x'.repeat(before)}`)).toContain(place.printed().join())
  })

  test('is bounded by what is left of the whole time', async () => {
    using place = app({ health: healthOf({ by: 'command', run: ['sleep', '60'] }, { timeoutMs: 300 }) })
    const started = performance.now()
    expect(await place.settle()).toBe('no')
    expect(performance.now() - started).toBeLessThan(4_000)
    expect(place.whys()).toEqual(['its command did not end in 0.3 s and was ended; 0.3 s passed (timeout of health in attach.yaml)'])
  })
})
