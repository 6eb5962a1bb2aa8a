import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import amqp from '../../../src/kinds/amqp/amqp.ts'
import { managementOf } from '../../../src/kinds/amqp/guards/place.ts'
import { parseAmqp } from '../../../src/kinds/amqp/handle.ts'
import { AMQP_VARIABLES } from '../../../src/kinds/amqp/variables.ts'
import type { HandleParts } from '../../../src/ports/kind.ts'

const secret = new Secret('n&w p@ss')

describe('replacing parts of a handle of RabbitMQ', () => {
  test.each<readonly [string, HandleParts, string]>([
    ['amqp://u:p%3d@old:1/x?heartbeat=5', { host: 'new.example' }, 'amqp://u:p%3d@new.example:1/x?heartbeat=5'],
    ['amqp://u:p@old/x', { password: secret }, 'amqp://u:n%26w%20p%40ss@old/x'],
    ['amqp://u:p@old', { name: '/' }, 'amqp://u:p@old/%2F'],
    ['amqp://u:p@old?heartbeat=5', { name: 'shop/eu' }, 'amqp://u:p@old/shop%2Feu?heartbeat=5'],
    ['amqps://u:p@old/', { user: 'v', port: '7', host: '::1' }, 'amqps://v:p@[::1]:7/'],
    ['amqp://old', { user: 'v', password: secret }, 'amqp://v:n%26w%20p%40ss@old'],
  ])('%s with some parts replaced keeps every other byte', (before, parts, after) => {
    expect(amqp.replaceParts(new Secret(before), parts).reveal()).toBe(after)
  })

  test.each<readonly [string, HandleParts]>([
    ['amqp://h', { user: 'u' }],
    ['amqp://h', { password: secret }],
    ['amqp://h', { port: '0' }],
    ['amqp://h', { host: 'a b' }],
    ['amqp://h', { host: 'a,b' }],
    ['amqp://h', { name: 'v'.repeat(256) }],
  ])('what would not be a handle any more is HANDLE_INVALID (%#)', (before, parts) => {
    expect(() => amqp.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})

describe('variables that hold a handle of RabbitMQ', () => {
  const compose = (parts: Readonly<Record<string, string>>): string =>
    amqp.compose?.(new Map(Object.entries(parts).map(([name, text]) => [name, new Secret(text)]))).reveal() ?? ''

  test('are of a kind with the parts that are put together', () => {
    for (const { parts, needs } of AMQP_VARIABLES) {
      expect(Object.keys(parts)).toEqual(['host', 'port', 'user', 'password', 'vhost', 'tls'])
      expect(needs).toEqual(['host'])
    }
    const names = AMQP_VARIABLES.flatMap(({ parts }) => Object.values(parts).flat())
    expect(new Set(names).size).toBe(names.length)
  })

  test.each([
    ['1', 'amqps://mq'],
    ['Yes', 'amqps://mq'],
    ['off', 'amqp://mq'],
    ['', 'amqp://mq'],
  ])('tls %j makes %s', (tls, handle) => {
    expect(compose({ host: 'mq', tls })).toBe(handle)
  })

  test.each<readonly [Readonly<Record<string, string>>, string]>([
    [{ host: '' }, 'the handle has an empty host'],
    [{ host: 'mq', user: 'app' }, 'the handle has a user or a password alone'],
    [{ host: 'mq', tls: 'maybe' }, 'the handle has an unknown word for tls'],
    [{ host: 'mq', port: 'x' }, 'the handle would get a port that is not a number from 1 to 65535'],
    [{ host: 'a/b', user: 'app', password: 'Zq8xKv' }, 'the handle has a host that is no host name'],
  ])('%j are refused by the name of a part', (parts, sentence) => {
    expect(() => compose(parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID', message: sentence }))
  })

  test('what no variable holds is not taken apart', () => {
    for (const handle of ['amqp://mq?heartbeat=5', 'amqps://mq?cacertfile=/ca.pem', 'amqp://mq?x=1', 'http://mq'])
      expect(() => amqp.decompose?.(new Secret(handle))).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})

describe('what a handle of RabbitMQ says beside where it leads', () => {
  const traits = (handle: string) => amqp.traits(parseAmqp(new Secret(handle)))
  const ids = (handle: string) => amqp.remarks(parseAmqp(new Secret(handle))).map(({ id }) => id)

  test('parameters that tune a client, as they stand there; none of TLS, and nothing that may be a secret', () => {
    expect([...traits('amqps://u:p@h?heartbeat=5&verify=verify_none&prefetch=10&token=Zq8&auth_mechanism=plain').parameters]).toEqual([
      ['heartbeat', '5'],
      ['prefetch', '10'],
      ['token', '…'],
    ])
  })

  test.each([
    ['amqp://h', 'user guest with the password that every installation begins with'],
    ['amqp://guest:guest@h', 'user guest with the password that every installation begins with'],
    ['amqp://app:Password@h', 'the password of user app is that of every guide'],
    ['amqp://app:kQ9-x7@h', null],
    ['amqps://h?auth_mechanism=external&certfile=/c.pem', null],
  ])('%s: %s', (handle, words) => {
    expect(traits(handle).defaultCredentials).toBe(words)
  })

  test.each<readonly [string, readonly string[]]>([
    ['amqp://u:p@h/%2F', []],
    ['amqp://u:p@h', []],
    ['amqp://u:p@h/', ['mq.vhost_empty']],
    ['amqp://u:p@h//', ['handle.odd_name']],
    ['amqp://u:p@h/a/b', ['handle.odd_name']],
    ['amqp://h', ['mq.no_user']],
    ['amqp://u:p@h?x=1&heartbeat=1&heartbeat=2', ['handle.unknown_key', 'handle.repeated_key']],
    ['amqps://u:p@h?cacertfile=/ca.pem', ['handle.local_file']],
  ])('%s is remarked on: %j', (handle, remarks) => {
    expect(ids(handle)).toEqual(remarks)
  })
})

describe('where the management API is asked', () => {
  const place = (handle: string) => managementOf(parseAmqp(new Secret(handle)))

  test.each([
    ['amqp://u:p@h', { host: 'h', port: 15_672, tls: 'disable' }],
    ['amqp://u:p@h:5673', { port: 15_673, tls: 'disable' }],
    ['amqps://u:p@h', { port: 15_671, tls: 'verify-full' }],
    ['amqps://u:p@h?verify=verify_none', { port: 15_671, tls: 'require' }],
    ['amqps://u:p@h?server_name_indication=mq.example.test', { host: 'h', tlsName: 'mq.example.test' }],
    ['amqp://u:p@k.rmq.cloudamqp.com/v', { port: 443, tls: 'verify-full' }],
    ['amqps://u:p@b-1.mq.eu-west-1.amazonaws.com:5671', { port: 443, tls: 'verify-full' }],
  ])('%s: %j', (handle, expected) => {
    expect(place(handle)).toMatchObject(expected)
  })

  test.each(['amqp://u:p@h:60000', 'amqps://h?auth_mechanism=external&certfile=/c.pem'])('%s: nowhere', (handle) => {
    expect(place(handle)).toBeNull()
  })
})
