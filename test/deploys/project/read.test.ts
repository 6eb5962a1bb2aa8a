import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Project, projectIn, readProject } from '../../../src/deploys/project/read.ts'
import { isAttachError } from '../../../src/domain/errors.ts'
import { folder } from '../../support/cli.ts'
import { PRODUCTION, WRONG } from './samples.ts'

const AT = { path: '/srv/app/attach.yaml', label: 'attach.yaml' }

async function refused(read: () => Promise<unknown>): Promise<{ readonly message: string; readonly hint: string | undefined }> {
  try {
    await read()
  } catch (error) {
    if (isAttachError(error, 'CONFIG_INVALID')) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('it was not refused')
}

const deploy = async (lines: string): Promise<Project['deploys'][number]['declared']> => {
  const project = await projectIn(`${PRODUCTION}${lines.replace(/^/gm, '    ')}\n`, AT)
  const [only] = project.deploys
  if (only === undefined) throw new Error('no deploy')
  return only.declared
}

describe('what attach.yaml says', () => {
  test('the example of the design is read as it is meant', async () => {
    const project = await projectIn(
      `# attach.yaml
default: production
deploys:
  production:
    config: .env.production
    protected: true
    readers: [dotenv, compose]
    hook: [systemctl, restart, app]     # or a string
    health: { url: http://127.0.0.1:8080/healthz, status: 204, body: ok, successes: 3, interval: 500ms, timeout: 2m }
    on-failure: keep
  staging: { config: /etc/app/.env }
resources:
  DATABASE_URL: { kind: postgres, expect: writable }
  my.odd-key: { kind: opaque }
`,
      AT,
    )
    const resources = new Map([
      ['DATABASE_URL', { kind: 'postgres', expect: 'writable' }],
      ['my.odd-key', { kind: 'opaque', expect: null }],
    ])
    expect(project).toMatchObject({
      label: 'attach.yaml',
      usual: { name: 'production' },
      deploys: [
        {
          name: 'production',
          path: '/srv/app/.env.production',
          declared: {
            file: '/srv/app/attach.yaml',
            folder: '/srv/app',
            protected: true,
            readers: ['dotenv', 'compose'],
            hook: { run: ['systemctl', 'restart', 'app'], timeoutMs: 60_000 },
            health: {
              check: { by: 'url', url: 'http://127.0.0.1:8080/healthz', status: 204, body: 'ok' },
              successes: 3,
              intervalMs: 500,
              timeoutMs: 120_000,
            },
            onFailure: 'keep',
            resources,
          },
        },
        {
          name: 'staging',
          path: '/etc/app/.env',
          declared: { protected: false, readers: [], hook: null, health: null, onFailure: 'revert', resources },
        },
      ],
    })
    expect(project.deploys.map(({ namedAt }) => namedAt())).toEqual(['attach.yaml:5', 'attach.yaml:11'])
  })

  test.each([
    ['hook: systemctl restart app', { hook: { run: 'systemctl restart app', timeoutMs: 60_000 } }],
    ['hook: |\n  set -e\n  ./restart', { hook: { run: 'set -e\n./restart\n' } }],
    ['hook: { run: [./restart, ""], timeout: 90 }', { hook: { run: ['./restart', ''], timeoutMs: 90_000 } }],
    ['hook: { run: ./restart, timeout: "90" }', { hook: { timeoutMs: 90_000 } }],
    ['hook: { run: ./restart, timeout: 250ms }', { hook: { timeoutMs: 250 } }],
    ['hook: { run: ./restart, timeout: 1440m }', { hook: { timeoutMs: 86_400_000 } }],
    ['hook: { run: ./restart, timeout: 86400 }', { hook: { timeoutMs: 86_400_000 } }],
    ['hook: no', { hook: { run: 'no' } }],
    [
      'health: { run: [./well] }',
      { hook: null, health: { check: { by: 'command', run: ['./well'] }, successes: 2, intervalMs: 1_000, timeoutMs: 60_000 } },
    ],
    ['health: { url: "HTTPS://[::1]:8443/?verbose=1#x" }', { health: { check: { by: 'url', status: 200, body: null } } }],
    ['health: { run: well, successes: 6, interval: 10s }', { health: { successes: 6 } }],
    ['protected: TRUE', { protected: true }],
    ['readers: []', { readers: [] }],
  ])('%j', async (lines, declared) => {
    expect(await deploy(lines)).toMatchObject(declared)
  })

  test.each([
    ['{ expect: replica }', { expect: 'replica', fresh: null }],
    ['{ expect: { role: readable } }', { expect: 'readable', fresh: null }],
    [
      '{ expect: { fresh: { table: shop.orders, column: created_at, within: 15m } } }',
      { expect: null, fresh: { table: 'shop.orders', column: 'created_at', withinMs: 900_000 } },
    ],
    [
      '{ expect: { role: writable, fresh: { table: t, column: c, within: 1500m } } }',
      { expect: 'writable', fresh: { withinMs: 90_000_000 } },
    ],
    ['{ use: queue }', { kind: null, expect: null, fresh: null, use: 'queue' }],
    [
      '{ kind: redis, guards: { redis.role: warn, handle.same_resource: info } }',
      {
        guards: new Map([
          ['redis.role', 'warn'],
          ['handle.same_resource', 'info'],
        ]),
      },
    ],
    ['{}', { kind: null, expect: null, fresh: null, use: null, guards: new Map() }],
  ])('a resource that is %s', async (form, resource) => {
    const { deploys } = await projectIn(`${PRODUCTION}resources: { A_URL: ${form} }\n`, AT)
    expect(deploys[0]?.declared.resources.get('A_URL')).toMatchObject(resource)
  })

  test('one thing can be written once and meant twice', async () => {
    const text = 'deploys:\n  a: { config: .env.a, hook: &restart [app, restart] }\n  b: { config: .env.b, hook: *restart }\n'
    const { deploys, usual } = await projectIn(text, AT)
    expect(deploys.map(({ declared }) => declared.hook?.run)).toEqual([
      ['app', 'restart'],
      ['app', 'restart'],
    ])
    expect(usual).toBeNull()
  })

  test('names that every object has are names like others', async () => {
    const text =
      'default: constructor\ndeploys: { constructor: { config: a }, toString: { config: b }, "42": { config: c } }\nresources: { hasOwnProperty: { kind: redis } }\n'
    const { deploys, usual } = await projectIn(text, AT)
    expect(deploys.map(({ name }) => name).sort()).toEqual(['42', 'constructor', 'toString'])
    expect(usual?.name).toBe('constructor')
    expect([...(usual?.declared.resources.keys() ?? [])]).toEqual(['hasOwnProperty'])
  })

  test('a byte order mark and CRLF change nothing', async () => {
    const plain = await projectIn(`${PRODUCTION}    hook: reload\n`, AT)
    const here = folder()
    writeFileSync(join(here.path, 'attach.yaml'), `\ufeff${PRODUCTION.replaceAll('\n', '\r\n')}    hook: reload\r\n`)
    const { deploys } = await readProject(join(here.path, 'attach.yaml'), 'attach.yaml')
    expect(deploys[0]?.declared.hook).toEqual(plain.deploys[0]?.declared.hook)
    writeFileSync(join(here.path, 'attach.yaml'), '\ufeffdeploys:\r\n  a: 1\r\n')
    expect((await refused(() => readProject(join(here.path, 'attach.yaml'), 'attach.yaml'))).message).toMatch(/^attach\.yaml:2:6: /)
    here.remove()
  })
})

describe('what is wrong is said with its place', () => {
  test.each(WRONG)('%s', async (_, text, sentence) => {
    const { message, hint } = await refused(() => projectIn(text, AT))
    expect(message).toBe(`attach.yaml:${sentence}; nothing was contacted`)
    expect(hint).toMatch(/\w/)
    expect(`${message} ${hint}`).not.toContain('hunter2')
  })

  test('there are enough of them, each once', () => {
    expect(WRONG.length).toBeGreaterThan(100)
    expect(new Set(WRONG.map(([, text]) => text)).size).toBe(WRONG.length)
  })

  test('the hint says how it is written', async () => {
    const hintOf = async (text: string) => (await refused(() => projectIn(text, AT))).hint
    expect(await hintOf(`${PRODUCTION}    protcted: true\n`)).toBe('the keys here are config, protected, readers, hook, health, on-failure')
    expect(await hintOf(`${PRODUCTION}    hook: { run: 3 }\n`)).toBe('for example run: [systemctl, restart, app]')
    expect(await hintOf(`${PRODUCTION}    readers: [foo]\n`)).toMatch(/^the readers are dotenv, node, /)
    expect(await hintOf('deploys: { a: 1 }')).toBe('for example deploys: { production: { config: .env.production } }')
  })
})

describe('a file that is none', () => {
  let here: ReturnType<typeof folder>
  beforeEach(() => {
    here = folder()
  })
  afterEach(() => here.remove())
  const read = async (bytes: Uint8Array | string): Promise<string> => {
    writeFileSync(join(here.path, 'attach.yaml'), bytes)
    return (await refused(() => readProject(join(here.path, 'attach.yaml'), 'attach.yaml'))).message
  }

  test.each([
    ['UTF-16, little endian', Buffer.from(`\ufeff${PRODUCTION}`, 'utf16le'), 'is UTF-16, or holds NUL bytes: expected UTF-8 text'],
    ['UTF-16, big endian', Buffer.from(`\ufeff${PRODUCTION}`, 'utf16le').swap16(), 'is UTF-16, or holds NUL bytes: expected UTF-8 text'],
    ['a NUL', `${PRODUCTION}\0`, 'is UTF-16, or holds NUL bytes: expected UTF-8 text'],
    ['Latin-1', Buffer.from(`${PRODUCTION}# \xe9\n`, 'latin1'), 'is not UTF-8 text'],
    ['too large', `${PRODUCTION}#${'x'.repeat(256 * 1024)}`, 'has more than 256 KiB'],
  ])('%s', async (_, bytes, sentence) => {
    expect(await read(bytes)).toBe(`attach.yaml ${sentence}; nothing was contacted`)
  })

  test('a directory', async () => {
    mkdirSync(join(here.path, 'attach.yaml'))
    expect((await refused(() => readProject(join(here.path, 'attach.yaml'), 'attach.yaml'))).message).toBe(
      'attach.yaml is not a regular file; nothing was contacted',
    )
  })

  test('a link to nothing', async () => {
    symlinkSync('gone', join(here.path, 'attach.yaml'))
    expect((await refused(() => readProject(join(here.path, 'attach.yaml'), 'attach.yaml'))).message).toBe(
      'attach.yaml cannot be read (ENOENT), and its deploys may be protected; nothing was contacted',
    )
  })

  test('a config that leads to another store is refused, unless a file is called so', async () => {
    const text = 'deploys: { a: { config: app@home.env } }\n'
    expect(await read(text)).toContain('attach.yaml:1:25: deploys.a.config: expected a path')
    writeFileSync(join(here.path, 'app@home.env'), '')
    expect((await readProject(join(here.path, 'attach.yaml'), 'attach.yaml')).deploys[0]?.path).toBe(join(here.path, 'app@home.env'))
  })

  test('two names of one config are one config', async () => {
    writeFileSync(join(here.path, '.env.a'), '')
    symlinkSync('.env.a', join(here.path, '.env.b'))
    const text = 'deploys:\n  a: { config: .env.a }\n  b: { config: .env.b }\n'
    expect(await read(text)).toBe('attach.yaml:3:16: deploys.b.config and deploys.a.config are the same file; nothing was contacted')
    expect(readFileSync(join(here.path, 'attach.yaml'), 'utf8')).toBe(text)
  })
})
