import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import mysql from '../../../src/kinds/mysql/mysql.ts'
import { productOf } from '../../../src/kinds/mysql/role.ts'
import { readGreeting } from '../../../src/kinds/mysql/wire/greeting.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { type Behaviour, greets, liar } from '../../support/liars.ts'
import { type Answer, error, greeting, mysqlLiar, NONCE, ok, packet, pairs } from './packets.ts'

// MySQL 8 and 9 cannot be installed here: what they say is written from the documentation of their protocol.
// https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html

const PASSWORD = 'kQ9x7-mysql'
const look = (port: number, query = 'ssl-mode=DISABLED') =>
  probe(mysql, `mysql://app:${PASSWORD}@127.0.0.1:${port}/shop?${query}`, { limits: PROBE_LIMITS })
const sha256 = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

const MYSQL8 = {
  version: '8.4.3',
  version_comment: 'MySQL Community Server - GPL',
  read_only: 'OFF',
  super_read_only: 'OFF',
  innodb_read_only: 'OFF',
  offline_mode: 'OFF',
}

/** Logged in: the database, the variables, the states, and no right to ask about replication. */
const answersAs =
  (variables: Readonly<Record<string, string>>): Answer =>
  (said) => {
    const text = said.toString()
    if (said[0] === 2) return ok(1)
    if (/SHOW VARIABLES/.test(text)) return pairs(variables)
    if (/SHOW GLOBAL STATUS/.test(text)) return pairs({})
    return error(1, 1227, 'Access denied; you need REPLICATION CLIENT', '42000')
  }

/** Whether an answer to caching_sha2_password is right, told as the server does: from the double hash that it keeps. */
function isRight(answer: Buffer): boolean {
  const kept = sha256(sha256(Buffer.from(PASSWORD)))
  const mixed = sha256(kept, NONCE)
  return sha256(Buffer.from(answer.map((byte, at) => byte ^ (mixed[at] ?? 0)))).equals(kept)
}

/** The answer in a login of the client: behind the user, with its length before it. */
const answerIn = (said: Buffer): Buffer => {
  const at = said.indexOf(0, 32) + 1
  return said.subarray(at + 1, at + 1 + (said[at] ?? 0))
}

describe('MySQL 8', () => {
  test('that remembers us takes the hash, and the password stays here', async () => {
    let isKnown = false
    const behave = mysqlLiar(greeting(), (said, turn) => {
      if (turn > 0) return answersAs(MYSQL8)(said, turn)
      isKnown = isRight(answerIn(said))
      return Buffer.concat([packet(2, [1, 3]), ok(3)])
    })
    await using server = await liar(behave)
    expect(await look(server.port)).toMatchObject({
      ok: true,
      facts: { product: 'MySQL', version: '8.4.3', role: 'unknown', writable: true, more: { auth: 'caching_sha2_password' } },
    })
    expect(isKnown).toBe(true)
    expect(server.heard()).not.toContain(PASSWORD)
  })

  test('that wants the password itself gets none where the way is open to listeners', async () => {
    await using server = await liar(mysqlLiar(greeting(), () => packet(2, [1, 4])))
    expect(await look(server.port)).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'auth-plain' })
    expect(server.heard()).not.toContain(PASSWORD)
  })

  test.each([
    ['mysql_clear_password', 'auth-cleartext'],
    ['sha256_password', 'auth-plain'],
    ['dialog', 'auth-method'],
    ['client_ed25519', 'auth-method'],
    ['authentication_kerberos_client', 'auth-method'],
  ])('that asks for the login %s instead is refused, and told nothing', async (plugin, code) => {
    await using server = await liar(mysqlLiar(greeting(), () => packet(2, [0xfe], `${plugin}\0`, NONCE, [0])))
    expect(await look(server.port)).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code })
    expect(server.heard()).not.toContain(PASSWORD)
  })

  test('a greeting that names clear text is answered in another way', async () => {
    await using server = await liar(mysqlLiar(greeting({ plugin: 'mysql_clear_password' }), () => error(2, 1045, 'no')))
    expect(await look(server.port)).toMatchObject({ ok: false, code: '1045' })
    expect(server.heard()).not.toContain(PASSWORD)
  })

  test('that changes its mind without end is left', async () => {
    let turn = 0
    const behave = mysqlLiar(greeting(), () => {
      turn += 2
      return packet(turn, [0xfe], 'mysql_native_password\0', NONCE, [0])
    })
    await using server = await liar(behave)
    expect(await look(server.port)).toMatchObject({ ok: false, failedAt: 'login', code: 'protocol' })
  })

  test.each([
    [
      { super_read_only: 'ON', read_only: 'ON' },
      { role: 'unknown', writable: false, more: { readOnlyBy: 'super_read_only, read_only' } },
      [],
    ],
    [{ offline_mode: 'ON' }, { writable: false }, ['my.idle']],
    [{ aurora_version: '3.05.2', innodb_read_only: 'ON' }, { product: 'Amazon Aurora MySQL', role: 'replica', writable: false }, []],
    [{ aurora_version: '3.05.2' }, { product: 'Amazon Aurora MySQL', role: 'primary', writable: true }, []],
    [{ version_comment: 'Percona Server (GPL)' }, { product: 'Percona Server' }, []],
  ])('with %j is told as it is', async (variables, facts, ids) => {
    const behave = mysqlLiar(greeting(), (said, turn) =>
      turn === 0 ? Buffer.concat([packet(2, [1, 3]), ok(3)]) : answersAs({ ...MYSQL8, ...variables })(said, turn),
    )
    await using server = await liar(behave)
    const report = await look(server.port)
    expect(report).toMatchObject({ ok: true, facts })
    expect(report.findings.map(({ id }) => id)).toEqual(ids)
  })

  test('that asks for a file of ours in answer to a question gets none', async () => {
    const behave = mysqlLiar(greeting(), (said, turn) => {
      if (turn === 0) return Buffer.concat([packet(2, [1, 3]), ok(3)])
      return said[0] === 2 ? ok(1) : packet(1, [0xfb], '/etc/passwd')
    })
    await using server = await liar(behave)
    expect(await look(server.port)).toMatchObject({ ok: false, failedAt: 'use', class: 'permanent', code: 'local-infile' })
    expect(server.heard()).not.toContain('root:')
  })

  test('is never told that we could send one', async () => {
    let flags = 0
    await using server = await liar(
      mysqlLiar(greeting(), (said) => {
        flags = said.readUInt32LE(0)
        return error(2, 1045, 'no')
      }),
    )
    await look(server.port)
    expect(flags & (1 << 9)).not.toBe(0)
    expect(flags & (1 << 7)).toBe(0)
  })

  test.each([
    [1040, 'transient', 'login'],
    [1053, 'transient', 'speak'],
    [1129, 'permanent', 'login'],
    [1130, 'permanent', 'login'],
    [9999, 'permanent', 'speak'],
  ] as const)('that greets with the error %i is %s, at %s', async (code, kind, failedAt) => {
    await using server = await liar(greets(error(0, code, 'because of db1.internal')))
    expect(await look(server.port)).toMatchObject({ ok: false, failedAt, class: kind, code: String(code) })
    expect(server.seen(), 'a known MySQL is not connected to once more').toBe(1)
  })

  test.each([
    [1045, 'permanent'],
    [1203, 'transient'],
    [1524, 'permanent'],
    [1862, 'permanent'],
    [3032, 'transient'],
    [3118, 'permanent'],
    [3159, 'permanent'],
    [3955, 'permanent'],
    [4151, 'permanent'],
  ] as const)('that answers the login with %i is %s', async (code, kind) => {
    await using server = await liar(mysqlLiar(greeting(), () => error(2, code, 'no', 'HY000')))
    const report = await look(server.port)
    expect(report).toMatchObject({ ok: false, failedAt: 'login', class: kind, code: String(code) })
    expect(report.ok ? '' : report.reason).toMatch(/; server says: no$/)
  })
})

describe('MySQL 8 with TLS', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates[Symbol.dispose]())

  /** Greets in plain text, and takes the handshake after the question for TLS. */
  const overTls =
    (answer: Answer, extra: Buffer | null = null): Behaviour =>
    (socket: Socket) => {
      socket.write(greeting({ tls: true }))
      socket.once('data', (chunk: Buffer) => {
        socket.pause().removeAllListeners('data')
        // The handshake may have come in one piece with the question for it.
        if (chunk.length > 36) socket.unshift(chunk.subarray(36))
        if (extra !== null) socket.write(extra)
        const { cert, key } = certificates.good
        const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) })
        const secured = new TLSSocket(socket, { isServer: true, secureContext })
        let turn = 0
        secured.on('error', () => {})
        secured.on('data', (chunk: Buffer) => {
          secured.write(answer(chunk.subarray(4), turn) ?? '')
          turn += 1
        })
      })
    }

  const full: Answer = (said, turn) => {
    if (turn === 0) return packet(3, [1, 4])
    if (turn === 1) return said.toString() === `${PASSWORD}\0` ? ok(5) : error(5, 1045, 'wrong')
    return answersAs(MYSQL8)(said, turn)
  }

  test('that wants the password itself gets it inside', async () => {
    await using server = await liar(overTls(full))
    expect(await look(server.port, 'ssl-mode=REQUIRED')).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
    expect(server.heard()).not.toContain(PASSWORD)
  })

  test('that asks for clear text gets it where its certificate was verified, and nowhere else', async () => {
    const clear: Answer = (said, turn) => {
      if (turn === 0) return packet(3, [0xfe], 'mysql_clear_password\0')
      return full(said, turn)
    }
    await using server = await liar(overTls(clear))
    expect(await look(server.port, 'ssl-mode=REQUIRED')).toMatchObject({ ok: false, failedAt: 'login', code: 'auth-cleartext' })
    expect(await look(server.port, `ssl-mode=VERIFY_CA&ssl-ca=${certificates.ca}`)).toMatchObject({
      ok: true,
      facts: { more: { auth: 'mysql_clear_password' } },
    })
  })

  test('what is said between the question for TLS and its handshake is not taken for an answer', async () => {
    await using server = await liar(overTls(full, ok(2)))
    expect(await look(server.port, 'ssl-mode=REQUIRED')).toMatchObject({ ok: false, failedAt: 'secure' })
  })

  test('a handshake that breaks off is no reason to go on in plain text', async () => {
    await using server = await liar(mysqlLiar(greeting({ tls: true }), () => null))
    expect(await look(server.port, 'charset=utf8mb4')).toMatchObject({ ok: false, failedAt: 'secure' })
    expect(server.seen()).toBe(1)
  })
})

describe('the first words of a server', () => {
  test.each([
    ['5.5.5-10.11.19-MariaDB-0+deb12u1', '', 'MariaDB', '10.11.19'],
    ['11.4.2-MariaDB', '', 'MariaDB', '11.4.2'],
    ['8.0.36', 'MySQL Community Server - GPL', 'MySQL', '8.0.36'],
    ['8.0.36-28', 'Percona Server (GPL), Release 28', 'Percona Server', '8.0.36'],
    ['5.7.25-TiDB-v7.5.1', '', 'TiDB', '7.5.1'],
    ['8.0.34-Vitess', '', 'Vitess', '8.0.34'],
    ['5.5.5', '', 'MySQL', '5.5.5'],
  ])('%s is %s of %s', (told, comment, product, version) => {
    expect(productOf(told, comment, false)).toEqual({ product, version })
  })

  test('random bytes are a greeting, an error, or refused, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.boolean(), (bytes, isGreeting) => {
        try {
          const hello = readGreeting(Buffer.from(isGreeting ? [10, ...bytes] : bytes))
          expect(hello.nonce.length).toBe(20)
        } catch (problem) {
          expect(['NetError', 'ServerRefused']).toContain((problem as Error).name)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('remarks say what is odd, and hold no value', () => {
    const ids = (handle: string) => mysql.remarks(mysql.parse(new Secret(handle))).map(({ id }) => id)
    expect(ids('mysql://app@h/x')).toEqual([])
    expect(ids('mysql://h/x')).toEqual(['handle.no_user'])
    expect(ids('mysql://a@h/x?nonsense=1&charset=a&charset=b')).toEqual(['handle.unknown_key', 'handle.repeated_key'])
    expect(ids('mysql://a@h/x?ssl-ca=/ca.pem')).toEqual(['handle.local_file'])
    expect(ids('mysql://a@/x?socket=/run/a.sock&ssl-mode=REQUIRED')).toEqual(['handle.tls_on_socket'])
    expect(ids('mysql2://a@localhost/x')).toEqual(['handle.localhost_socket'])
    expect(ids('mysql://a@h/x?tls-version=TLSv1.3')).toEqual(['handle.not_checked'])
    expect(ids('mysql://a@h/x/y')).toEqual(['handle.odd_name'])
  })

  test.each([
    ['mysql://root@h/x', 'root without a password, as an installation begins'],
    ['mysql://root:root@h/x', 'the password of user root is one that anybody would try first'],
    ['mysql://app:app@h/x', 'the password of user app is one that anybody would try first'],
    ['mysql://app:kQ9-x7@h/x', null],
  ])('%s: %s', (handle, words) => {
    expect(mysql.traits(mysql.parse(new Secret(handle))).defaultCredentials).toBe(words)
  })

  test('parameters that tune a client are told; none of TLS, no login, and no value that nobody knows', () => {
    const { parameters } = mysql.traits(
      mysql.parse(new Secret('jdbc:mysql://h/x?user=u&password=pw-pw&connectionLimit=5&sslMode=REQUIRED&secret=x')),
    )
    expect([...parameters]).toEqual([
      ['connectionLimit', '5'],
      ['secret', '…'],
    ])
  })
})
