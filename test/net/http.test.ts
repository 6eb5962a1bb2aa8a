import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { NetError } from '../../src/net/bounded.ts'
import { dial } from '../../src/net/dial.ts'
import { askHttp } from '../../src/net/http.ts'
import { answers, type Behaviour, drips, greets, liar, silent } from '../support/liars.ts'

const bound = (ms = 1_000) => ({ ms, signal: new AbortController().signal })
const get = { method: 'GET', target: '/x?y=1', headers: { host: 'h.example' } } as const

const sockets: Socket[] = []
const connected = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.pause())) // As it comes from a dial.
    socket.on('error', () => {})
    sockets.push(socket)
  })
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const serving = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

describe('a request over an open socket', () => {
  test('one after another goes over the same connection, and says what it was told to say and no more', async () => {
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      seen.push([request.method, request.url, request.headers, request.socket.remotePort])
      response.end(`hello ${seen.length}`)
    })
    try {
      const socket = await connected(await serving(server))
      const one = await askHttp(socket, { ...get, keep: true }, bound())
      const two = await askHttp(socket, { method: 'POST', target: '/p', headers: { host: 'h.example' }, body: 'abc' }, bound())
      expect([one.status, `${one.body}`, `${two.body}`]).toEqual([200, 'hello 1', 'hello 2'])
      expect(seen).toEqual([
        ['GET', '/x?y=1', { host: 'h.example', connection: 'keep-alive' }, socket.localPort],
        ['POST', '/p', { host: 'h.example', 'content-length': '3', connection: 'close' }, socket.localPort],
      ])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test.each<[string, Behaviour, string, number?]>([
    ['a server that is silent', silent, 'timeout', 200],
    ['one byte at a time', drips('HTTP/1.1 200 OK\r\n'), 'timeout', 400],
    ['what is no HTTP', answers('220 mail ready\r\n'), 'protocol'],
    ['the end before the answer', (socket) => socket.once('data', () => socket.destroy()), 'closed'],
    [
      'an answer that is cut off',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')),
      'closed',
    ],
    ['a header without end', answers(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(64 * 1024)}`), 'too-much'],
    ['a body that is too long', answers(`HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${'y'.repeat(2_000_000)}`), 'too-much'],
  ])('%s is told by its code', async (_, behaviour, code, ms = 2_000) => {
    await using server = await liar(behaviour)
    const error = await askHttp(await connected(server.port), get, bound(ms)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NetError)
    expect(error).toMatchObject({ code })
  })

  test('a socket that was dialled is paused, and is woken; what it was told before is no answer', async () => {
    await using server = await liar(answers('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    const dialled = async (port: number) => await dial({ host: '127.0.0.1', port }, { ...bound(), now: () => performance.now() })
    const socket = await dialled(server.port)
    expect(socket.isPaused()).toBe(true)
    for (const time of [1, 2])
      expect((await askHttp(socket, { ...get, keep: true }, bound())).body.toString(), `request ${time}`).toBe('ok')
    socket.destroy()
    await using greeting = await liar(greets('220 mail ready\r\n'))
    const greeted = await dialled(greeting.port)
    await expect(askHttp(greeted, get, bound())).rejects.toMatchObject({ code: 'protocol' })
    greeted.destroy()
  })

  test('a redirect is an answer, and is not followed', async () => {
    await using server = await liar(answers('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'))
    expect(await askHttp(await connected(server.port), get, bound())).toMatchObject({ status: 302 })
  })
})
