import { chmodSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setAside, understand } from '../../src/cli/grammar.ts'
import { OPTIONS } from '../../src/cli/options.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import { attach, begin, type Ran } from '../support/cli.ts'
import { answers, greets, hangsUp, type Liar, liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { frozen, reopen, type Scratch, scratch, trapped } from '../support/scratch.ts'

/** Passwords that need percent-encoding. Each piece between the signs is told from anything else, whatever the encoding did to the signs. */
const OLD = 'zq7x@wk9v/pj3m:+%'
const NEW = 'hb5f@tc8n/gd2r:+%'
const PLAIN = 'yv4kmx8tqw6p'
const PIECES = [OLD, NEW, PLAIN].flatMap((secret) => secret.split(/[^a-z0-9]+/).filter((piece) => piece !== ''))
const FORMS = [...PIECES, ...[OLD, NEW, PLAIN].flatMap(base64)]

/** The three ways a text can stand inside base64, less the letters that its neighbours decide. */
function base64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
    const inner = bytes
      .toString('base64')
      .slice(Math.ceil((offset * 4) / 3), Math.floor((bytes.length * 4) / 3))
      .replace(/=+$/, '')
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

const found = (text: string): readonly string[] => FORMS.filter((form) => text.includes(form))

/** Drivers are asked to say all they know, and Node to leave reports. */
const LOUD = { DEBUG: '*', NODE_OPTIONS: '--report-uncaught-exception --report-on-fatalerror --trace-uncaught' }
/** With -v Node is asked as well, which takes its time. */
const loudIn = (mode: readonly string[]) => (mode.includes('-v') ? { ...LOUD, NODE_DEBUG: '*' } : LOUD)

/** Everything that a command said or left behind, but for the config and the values beside its journal. */
function expectSecret(ran: Pick<Ran, 'stdout' | 'stderr'>, place: Scratch, what: string): void {
  expect({ what, stdout: found(ran.stdout), stderr: found(ran.stderr) }).toEqual({ what, stdout: [], stderr: [] })
  const own = ran.stderr.replaceAll(/^[A-Z_0-9]+ \d+: .*$/gm, '') // What NODE_DEBUG says is Node's.
  expect(ran.stdout + own, what).not.toMatch(/[^\P{Cc}\n\t]|[\u2028\u202e]/u)
  expect(ran.stdout + own, what).not.toMatch(/^(::|##\[|##vso\[)/m)
  for (const name of readdirSync(place.path, { recursive: true, encoding: 'utf8' })) {
    const path = join(place.path, name)
    if (/^\.env(\.[a-z]+)?$/.test(name) || /^\.attach\/.*\/values\/\d+$/.test(name) || !lstatSync(path).isFile()) continue
    expect({ what, name, leaked: found(name + readFileSync(path, 'latin1')) }).toEqual({ what, name, leaked: [] })
  }
}

interface Servers {
  readonly up: string
  readonly locked: string
  readonly postgres: string
  readonly down: string
  readonly liars: readonly (readonly [name: string, port: number])[]
}

interface Case {
  readonly title: string
  readonly args: readonly string[]
  readonly input?: string
  readonly exit: number
  readonly prepare?: (place: Scratch) => Promise<void> | void
  readonly env?: Readonly<Record<string, string>>
}

const MODES = [[], ['-v'], ['--json']] as const

const handle = (port: number | string, secret: string, scheme = 'redis'): string =>
  `${scheme}://app:${encodeURIComponent(secret)}@127.0.0.1:${port}/${scheme === 'redis' ? 0 : 'app'}`

async function check(
  { title, args, input = '', exit, prepare, env = {} }: Case,
  modes: readonly (typeof MODES)[number][] = MODES,
): Promise<void> {
  for (const mode of modes) {
    using place = scratch(`CACHE_URL=${handle(1, OLD)}\nTOKEN=${OLD}\n`)
    place.write('tmp/keep', '')
    const TMPDIR = place.at('tmp')
    await prepare?.(place)
    const options = [LOUD.NODE_OPTIONS, env['NODE_OPTIONS']].filter((each) => each !== undefined).join(' ')
    const ran = await attach([...mode, ...args], {
      cwd: place.path,
      input,
      env: { ...loudIn(mode), TMPDIR, ...env, NODE_OPTIONS: options },
    })
    expectSecret(ran, place, `${title} ${mode.join('')}`)
    expect({ title, mode, exit: ran.exit }).toEqual({ title, mode, exit })
  }
}

/** v1 put OLD in the place of NEW. */
async function released(place: Scratch): Promise<void> {
  place.write('.env', `CACHE_URL=${handle(2, NEW)}\nTOKEN=${OLD}\n`)
  const ran = await attach(['swap', 'CACHE_URL=-', '--no-probe'], { cwd: place.path, input: handle(1, OLD) })
  expect(ran).toMatchObject({ exit: 0 })
}

const LOCAL: readonly Case[] = [
  { title: 'attached', args: ['A_URL=-', '--no-probe'], input: handle(1, NEW), exit: 0 },
  { title: 'attached from argv', args: [`A_URL=${handle(1, NEW)}`, '--no-probe'], exit: 0 },
  { title: 'an opaque value', args: ['TOKEN=-', '-y'], input: NEW, exit: 0 },
  { title: 'an opaque value from argv', args: [`TOKEN=${NEW}`, '-y', '--kind', 'opaque'], exit: 0 },
  { title: 'swapped', args: ['swap', 'CACHE_URL=-', '--no-probe'], input: handle(1, NEW), exit: 0 },
  { title: 'a new password', args: ['swap', 'CACHE_URL', '--password', '-', '--no-probe'], input: NEW, exit: 0 },
  { title: 'a new password from argv', args: ['swap', 'CACHE_URL', `--password=${NEW}`, '--no-probe'], exit: 0 },
  { title: 'from another key', args: ['--from-key', 'A_URL=CACHE_URL', '--no-probe'], exit: 0 },
  { title: 'from the environment', args: ['--from-env', 'A_URL=SECRET', '--no-probe'], env: { SECRET: handle(1, NEW) }, exit: 0 },
  {
    title: 'from a file, keeping the old one',
    args: ['swap', '--from-file', 'CACHE_URL=.env.secret', '--no-probe', '--keep-old'],
    prepare: ({ write }) => write('.env.secret', handle(1, NEW)),
    exit: 0,
  },
  {
    title: 'from a file that is no handle',
    args: ['--from-file', 'A_URL=.env.secret', '--no-probe'],
    prepare: ({ write }) => write('.env.secret', `${NEW}\n${PLAIN}`),
    exit: 2,
  },
  {
    title: 'from a command that says all it knows',
    args: ['swap', '--from-command', 'CACHE_URL=set -x; echo "$SECRET"', '--no-probe'],
    env: { SECRET: handle(1, NEW) },
    exit: 0,
  },
  {
    title: 'from a command that fails',
    args: ['--from-command', 'A_URL=echo "$SECRET"; echo "$SECRET" | tee /dev/stderr; exit 1', '--no-probe'],
    env: { SECRET: handle(1, NEW) },
    exit: 2,
  },
  {
    title: 'from a command that prints no handle',
    args: ['--from-command', 'A_URL=printf "%s\n%s\n" "$SECRET" "$SECRET"', '--no-probe'],
    env: { SECRET: handle(1, NEW) },
    exit: 2,
  },
  { title: 'dry', args: ['swap', 'CACHE_URL=-', '--no-probe', '--dry-run'], input: handle(1, NEW), exit: 0 },
  { title: 'detached', args: ['detach', 'CACHE_URL', 'TOKEN'], exit: 0 },
  { title: 'status', args: ['status'], prepare: released, exit: 0 },
  { title: 'log', args: ['log'], prepare: released, exit: 0 },
  { title: 'undone', args: ['undo', '--no-probe'], prepare: released, exit: 0 },
  { title: 'rolled back', args: ['rollback', 'v0', '--no-probe'], prepare: released, exit: 0 },
  { title: 'undo of what does not answer', args: ['undo'], prepare: released, exit: 3 },
  { title: 'compared', args: ['compare', 'CACHE_URL=-'], input: handle(1, NEW), exit: 3 },
  { title: 'two handles compared', args: ['compare', handle(1, OLD), handle(2, NEW)], exit: 3 },
  {
    title: 'a handle in the place of a baseline',
    args: ['compare', 'CACHE_URL=-', `--baseline=${handle(2, NEW)}`],
    input: handle(1, NEW),
    exit: 2,
  },
  { title: 'a handle in the place where a baseline is to be kept', args: ['compare', 'CACHE_URL', `--save=${handle(2, NEW)}`], exit: 2 },
  { title: 'a secret in the place of a baseline', args: ['swap', 'CACHE_URL=-', `--baseline=.env`], input: handle(1, NEW), exit: 2 },
  { title: 'not confirmed', args: ['CACHE_URL=-'], input: handle(1, NEW), exit: 3 },
  { title: 'nothing to undo', args: ['undo'], exit: 3 },
  {
    title: 'edited outside',
    args: ['undo', '--no-probe'],
    exit: 4,
    prepare: async (place) => {
      await released(place)
      place.write('.env', `CACHE_URL=${handle(9, PLAIN)}\n`)
    },
  },
  {
    title: 'neither old nor new',
    args: ['recover'],
    exit: 8,
    prepare: async (place) => {
      await released(place)
      reopen(place, `CACHE_URL=${handle(9, PLAIN)}\n`)
    },
  },
  {
    title: 'kept',
    args: ['recover', '--keep'],
    exit: 0,
    prepare: async (place) => {
      await released(place)
      reopen(place, `CACHE_URL=${PLAIN} ${OLD}\n`)
    },
  },
  {
    title: 'damaged values',
    args: ['undo', '--no-probe'],
    exit: 6,
    prepare: async (place) => {
      await released(place)
      place.write('.attach/.env/values/1', `${OLD}\n`)
    },
  },
  {
    title: 'a damaged journal',
    args: ['detach', 'TOKEN'],
    exit: 6,
    prepare: ({ write }) => write('.attach/.env/journal', `${'x'.repeat(20)}\n`),
  },
  { title: 'a config that is no text for readers', args: ['A_URL=-', '--no-probe'], input: `redis://h/\0${NEW}`, exit: 2 },
  { title: 'a value with a line feed', args: ['A_URL=-', '--no-probe'], input: `redis://app:${PLAIN}@h/0\n${NEW}\n`, exit: 2 },
  {
    title: 'a full disk',
    args: ['A_URL=-', '--no-probe'],
    input: handle(1, NEW),
    exit: 6,
    env: trapped({ call: 'writeSync', path: '.tmp', does: 'ENOSPC' }),
  },
  {
    title: 'a bug of ours',
    args: ['A_URL=-', '--no-probe'],
    input: handle(1, NEW),
    exit: 1,
    env: trapped({ call: 'existsSync', path: '/.env', does: 'bug', text: `cannot read ${NEW} of ${OLD}` }),
  },
]

/** Handles that cannot be meant. None of it may be shown, and nothing may be contacted. */
const WRONG = [
  `redis://app:${NEW}@127.0.0.1/0`,
  `postgres://app:${NEW}@127.0.0.1/app`,
  `postgres://app:${encodeURIComponent(NEW)}@127.0.0.1:port/app`,
  `postgres://app:%zz${PLAIN}@127.0.0.1/app`,
  `postgres://app:${PLAIN}@127.0.0.1/app?sslmode=${PLAIN}`,
  `jdbc:postgresql://127.0.0.1/app?user=app&password=${PLAIN}`,
  `host=127.0.0.1 user=app password=${PLAIN}`,
  `"postgres://app:${PLAIN}@127.0.0.1/app"`,
  `<${PLAIN}>`,
  `nosuch://app:${PLAIN}@127.0.0.1/app`,
  `${PLAIN}://app@127.0.0.1`,
  `DATABASE_URL=postgres://app:${PLAIN}@127.0.0.1/app`,
  `postgres://app:${PLAIN}@127.0.0.1/a pp`,
  PLAIN,
]

describe('a secret', { concurrent: true }, () => {
  test.each(LOCAL)('is not told by: $title', (each) => check(each))

  test.each([
    ['that runs', ['exec', '--', 'true'], 0],
    ['that fails', ['exec', '--', 'false'], 1],
    ['that is not there', ['exec', '--', NEW], 127],
    ['that stands in the wrong place', ['exec', NEW], 2],
    ['that asks for JSON', ['exec', '--json', '--', 'true'], 2],
  ] as const)('is not told by a command %s', async (title, args, exit) => {
    await check({ title, args, exit }, [[], ['-v']])
  })

  test.each(WRONG.map((text, at) => [at + 1, text] as const))('is not told by malformed handle %i', async (_, text) => {
    await check({ title: 'malformed, from stdin', args: ['A_URL=-'], input: text, exit: 2 })
    await check({ title: 'malformed, probed', args: ['probe', '-'], input: text, exit: 2 }, [['-v']])
  })

  test('is in no state file but the values, and those are 0600 in folders of 0700 under any umask', async () => {
    for (const umask of ['000', '077']) {
      using place = scratch(`CACHE_URL=${handle(1, OLD)}\n`)
      chmodSync(place.env, 0o640)
      for (const [line, input] of [
        ['swap CACHE_URL=- --no-probe -m why', handle(1, NEW)],
        ['undo --no-probe', ''],
      ] as const) {
        expect(await attach(line.split(' '), { cwd: place.path, input, umask })).toMatchObject({ exit: 0 })
      }
      expect(found(place.read('.attach/.env/journal'))).toEqual([])
      expect(found(place.read('.attach/.env/values/1'))).not.toEqual([])
      for (const name of [
        '.attach',
        ...readdirSync(place.at('.attach'), { recursive: true, encoding: 'utf8' }).map((each) => `.attach/${each}`),
      ]) {
        const { mode } = lstatSync(place.at(name))
        const isFolder = lstatSync(place.at(name)).isDirectory()
        expect({ umask, name, mode: (mode & 0o7777).toString(8) }).toEqual({ umask, name, mode: isFolder ? '700' : '600' })
      }
      expect(lstatSync(place.env).mode & 0o7777).toBe(0o640)
    }
  })

  test('that makes a new config makes it 0600', async () => {
    using place = scratch()
    expect(await attach(['A_URL=-', '--no-probe'], { cwd: place.path, input: handle(1, NEW), umask: '000' })).toMatchObject({ exit: 0 })
    expect(lstatSync(place.env).mode & 0o7777).toBe(0o600)
  })

  test('stands in no command line and no environment of a child while it runs', async () => {
    using place = scratch(`CACHE_URL=${handle(1, OLD)}\n`)
    const holder = begin(['A_URL=redis://a.test/0', '--no-probe'], {
      cwd: place.path,
      env: trapped({ call: 'renameSync', does: 'SIGSTOP' }),
    })
    await frozen(holder.pid)
    // This one waits for the lock, with a child of its own, for as long as we look.
    const run = begin(['swap', 'CACHE_URL=-', '--no-probe', '--lock-timeout', '30s'], { cwd: place.path, input: handle(1, NEW) })
    const seen = new Set<string>()
    for (const until = Date.now() + 1_500; Date.now() < until && seen.size < 3; await new Promise((resolve) => setTimeout(resolve, 2))) {
      for (const pid of family(run.pid)) {
        for (const file of ['cmdline', 'environ']) {
          const text = readable(`/proc/${pid}/${file}`)
          if (pid !== run.pid && file === 'cmdline' && text !== '') seen.add(text)
          expect({ pid, file, leaked: found(text) }).toEqual({ pid, file, leaked: [] })
        }
      }
    }
    holder.kill('SIGCONT')
    expect(await holder.ended).toMatchObject({ exit: 0 })
    expect(await run.ended).toMatchObject({ exit: 0 })
    expect(seen.size, 'a child was seen').toBeGreaterThan(0)
  })
})

function readable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // It has ended.
  }
}

const family = (pid: number): readonly number[] => [
  pid,
  ...readable(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((child) => child !== '')
    .flatMap((child) => family(Number(child))),
]

/** Names with one letter dropped, doubled, or changed with its neighbour. */
function misspelt(name: string): readonly string[] {
  const all = Array.from(name, (letter, at) => [
    name.slice(0, at) + name.slice(at + 1),
    name.slice(0, at) + letter + name.slice(at),
    name.slice(0, at) + (name[at + 1] ?? '') + letter + name.slice(at + 2),
  ])
  const names: readonly string[] = OPTIONS.map((option) => option.name)
  return [...new Set(all.flat())].filter((each) => each !== '' && !names.includes(each))
}

const LETTERS = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).filter((letter) => letter !== '-')
const SHORT = new Set<string>(OPTIONS.flatMap((option) => ('short' in option ? [option.short] : [])))

/** Every way to misspell every option with a secret behind it. */
const MISSPELT: readonly (readonly string[])[] = [
  ...OPTIONS.flatMap(({ name }) =>
    misspelt(name).flatMap((wrong) =>
      [NEW, PLAIN].flatMap((secret) => [[`--${wrong}=${secret}`], [`--${wrong}`, secret], [`-${wrong}=${secret}`]]),
    ),
  ),
  ...OPTIONS.flatMap(({ name }) => [
    [`--${name}${PLAIN}`],
    [`--${name}:${NEW}`],
    [`-${name}`, NEW],
    [`--${name.toUpperCase()}=${NEW}`],
    [`--${name.replaceAll('-', '_')}x=${PLAIN}`],
  ]),
  ...LETTERS.filter((letter) => !SHORT.has(letter)).flatMap((letter) => [
    [`-${letter}${NEW}`],
    [`-${letter}${PLAIN}`],
    [`-${letter}`, NEW],
  ]),
  // Rightly spelt, and not what the option takes.
  ...[
    'port',
    'expect',
    'timeout',
    'lock-timeout',
    'limit',
    'allow',
    'from-env',
    'from-key',
    'from-file',
    'from-command',
    'keep-old',
    'keep-old-as',
    'deploy',
    'kind',
    'yes',
    'json',
    'no-probe',
  ].map((name) => [`--${name}=${NEW}`]),
  ...[
    'port',
    'expect',
    'timeout',
    'lock-timeout',
    'limit',
    'allow',
    'from-env',
    'from-key',
    'from-file',
    'from-command',
    'keep-old',
    'yes',
    'json',
    'no-probe',
  ].map((name) => [`--${name}=${PLAIN}`]),
  [NEW],
  [`=${NEW}`],
  [`${NEW}=x`],
  ['A_URL', NEW],
  ['A_URL', PLAIN],
  ['A_URL=redis://app:x', NEW],
  ['A_URL=redis://app:x', PLAIN],
  ['undo', NEW],
  ['rollback', NEW],
  ['help', NEW],
  ['status', NEW],
  ['probe', NEW],
  ['detach', `A_URL=${PLAIN}`],
  ['detach', handle(1, NEW)],
  ['log', handle(1, NEW)],
  [handle(1, NEW)],
  ['swap', handle(1, NEW)],
  [`my-key=${PLAIN}`],
]

describe('a misspelt command line', () => {
  const LINES = [[], ['swap', 'DATABASE_URL'], ['status']] as const

  test('tells nothing of a value, however any option is misspelt', () => {
    let refused = 0
    const leaks: string[] = []
    for (const words of MISSPELT) {
      for (const line of LINES) {
        try {
          understand(setAside([...line, ...words]), {
            binary: 'attach',
            keys: () => new Set(['DATABASE_URL']),
            usualKey: () => 'DATABASE_URL',
          })
        } catch (error) {
          if (!isAttachError(error, 'USAGE')) throw error
          refused += 1
          const text = `${error.message}\n${error.hint ?? ''}`
          if (found(text).length > 0) leaks.push(`${[...line, ...words].join(' ')} → ${text}`)
        }
      }
    }
    expect(leaks.slice(0, 20)).toEqual([])
    expect(refused).toBeGreaterThan(2_000)
  })

  const sampled = MISSPELT.filter((_, at) => at % 79 === 0 || at >= MISSPELT.length - 19)
  test('the same of the built command', { timeout: 60_000 }, async () => {
    await Promise.all(
      sampled.map(async (words, at) => {
        using place = scratch('DATABASE_URL=redis://h/0\n')
        const args = [...(LINES[at % LINES.length] ?? []), ...words, '--dry-run', '--no-probe', ...(MODES[at % MODES.length] ?? [])]
        const ran = await attach(args, { cwd: place.path, env: LOUD })
        expectSecret(ran, place, args.join(' '))
        expect([2, 3]).toContain(ran.exit)
      }),
    )
  })
})

/** What a hostile server adds to the secrets that it gives back. */
const HOSTILE = (heard: string): string =>
  `${heard.replaceAll(/[\r\n]/g, ' ')} \x1b]0;owned\x07\x1b[31m\u202e ${encodeURIComponent(NEW)} ${Buffer.from(NEW).toString('base64')} \n::error::${NEW}\n##[error]${NEW}`

/** Gives back all it hears, as Redis gives an error. */
const echoingRedis = (prefix: string) => (socket: Socket) => {
  socket.on('data', (chunk) => {
    socket.write(`-${prefix} ${HOSTILE(chunk.toString('latin1')).replaceAll('\n', ' \u2028')}\r\n`)
  })
}

/** Speaks PostgreSQL up to the password, asks for it in clear, and gives it back in its refusal. */
const echoingPostgres = (socket: Socket) => {
  let heard = ''
  socket.on('data', (chunk) => {
    if (chunk.length === 8 && chunk.readInt32BE(4) === 80_877_103) return socket.write('N')
    heard += chunk.toString('latin1').replaceAll('\0', ' ')
    if (chunk[0] === 0) return socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    const fields = Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${HOSTILE(heard)}\0D${HOSTILE(heard)}\0H${HOSTILE(heard)}\0\0`)
    const length = Buffer.alloc(4)
    length.writeInt32BE(fields.length + 4)
    return socket.end(Buffer.concat([Buffer.from('E'), length, fields]))
  })
}

describe.runIf(haveRedis() && havePostgres())('a secret told to a server', { concurrent: true }, () => {
  const owned: (RedisServer | PostgresServer | Liar)[] = []
  const echoing: (readonly [name: string, heard: Liar['heard']])[] = []
  let servers: Servers

  beforeAll(async () => {
    const [up, locked, postgres] = await Promise.all([startRedis({ password: NEW }), startRedis({ password: 'another' }), startPostgres()])
    const behaviours = {
      silent,
      hangsUp,
      'http, echoing': answers(`HTTP/1.1 400 ${NEW}\r\n\r\n`),
      'smtp, greeting': greets(`220 ${NEW} ESMTP\r\n`),
      'redis, echoing': echoingRedis('ERR'),
      'redis, refusing and echoing': echoingRedis('WRONGPASS'),
      'redis, denying and echoing': echoingRedis('NOPERM'),
      'postgres, echoing': echoingPostgres,
    }
    const liars: [string, number][] = []
    for (const [name, behave] of Object.entries(behaviours)) {
      const made = await liar(behave)
      owned.push(made)
      liars.push([name, made.port])
      if (/^(redis|postgres)/.test(name)) echoing.push([name, made.heard])
    }
    owned.push(up, locked, postgres)
    await postgres.sql(`CREATE ROLE app LOGIN PASSWORD '${NEW.replaceAll("'", "''")}'`)
    servers = {
      up: `redis://:${encodeURIComponent(NEW)}@127.0.0.1:${up.port}/0`,
      locked: handle(locked.port, NEW),
      postgres: postgres.url({ user: 'app', password: NEW }),
      down: handle(await freePort(), NEW),
      liars,
    }
  })
  afterAll(() => Promise.all(owned.map((server) => server[Symbol.asyncDispose]())))

  test('that takes it is told nowhere else', async () => {
    for (const input of [servers.up, servers.postgres]) {
      await check({ title: 'attached', args: ['A_URL=-'], input, exit: 0 })
      await check({ title: 'probed', args: ['probe', '-'], input, exit: 0 })
    }
    await check({ title: 'swapped', args: ['swap', 'CACHE_URL=-'], input: servers.up, exit: 0 })
    await check({
      title: 'status --probe',
      args: ['status', '--probe'],
      prepare: ({ write }) => write('.env', `CACHE_URL=${servers.up}\nB_URL=${servers.down}\n`),
      exit: 0,
    })
  })

  test('that refuses it, or is not there, is told nowhere else', async () => {
    const wrong = servers.postgres.replace('/app:', '/nobody:').replace('//app:', '//nobody:')
    for (const input of [
      servers.locked,
      servers.down,
      wrong,
      `${servers.up}9999`,
      `${servers.postgres}x`,
      servers.up.replace('redis:', 'rediss:'),
    ]) {
      if (input.startsWith('rediss:')) continue
      await check({ title: `refused`, args: ['A_URL=-'], input, exit: 3 })
      await check({ title: `refused a swap`, args: ['swap', 'CACHE_URL=-'], input, exit: 3 })
    }
  })

  test('that lies and echoes it is told nowhere else', async () => {
    const one = async ([name, port]: readonly [string, number]): Promise<void> => {
      for (const scheme of name === 'silent' ? ['redis'] : ['redis', 'postgres']) {
        const [title, input] = [`${name}, ${scheme}`, handle(port, NEW, scheme)]
        await check({ title, args: ['probe', '-', '--timeout', name === 'silent' ? '400ms' : '20s'], input, exit: 3 })
      }
    }
    await Promise.all(servers.liars.map(one))
    for (const [name, heard] of echoing) expect({ name, heard: found(heard()) }).not.toMatchObject({ heard: [] })
  })
})

describe('text of others', { concurrent: true }, () => {
  const HOSTILE_NAME = `e\x1b]0;owned\x07\u202e\n::error::x`

  test('in the name of a config, of a user, of a folder, in a message and in values never reaches a terminal as it is', async () => {
    using place = scratch(`A_URL=redis://h\x1b[31m/0\nB_URL="redis://h/0\n::error::x"\n`)
    const config = `${HOSTILE_NAME.replaceAll('/', '')}.env`
    place.write(config, 'A_URL=redis://a/0\n')
    const lines: readonly (readonly [args: readonly string[], exit: number])[] = [
      [['swap', 'A_URL=redis://b/0', '--no-probe', '-c', config, '-m', HOSTILE_NAME], 0],
      [['log', '-c', config], 0],
      [['log', '-v', '--reveal', '-c', config], 0],
      [['status', '-c', config], 0],
      [['detach', 'NO_URL', '-c', config], 0],
      [['status', '-c', `no${config}`], 2],
      [['status', '-C', HOSTILE_NAME], 2],
      [[`A_URL${HOSTILE_NAME}=redis://h/0`], 2],
      [[HOSTILE_NAME], 2],
      [[`--${HOSTILE_NAME}`], 2],
      [['status'], 0],
      [['status', '--reveal'], 0],
    ]
    for (const [args, exit] of lines) {
      const ran = await attach(args, { cwd: place.path, env: { SUDO_USER: `eve${HOSTILE_NAME}` } })
      expect({ args, exit: ran.exit }).toEqual({ args, exit })
      expect(ran.stdout + ran.stderr, args.join(' ')).not.toMatch(/[^\P{Cc}\n\t]|[\u2028\u202e]/u)
      expect(ran.stdout + ran.stderr, args.join(' ')).not.toMatch(/^(::|##\[|##vso\[)/m)
    }
  })
})

test('the pieces this test looks for are found in every form', () => {
  for (const secret of [OLD, NEW]) {
    for (const form of [secret, encodeURIComponent(secret), encodeURIComponent(secret).toLowerCase(), JSON.stringify(secret)])
      expect(found(form)).not.toEqual([])
    for (const offset of ['', 'a', 'ab']) {
      expect(found(Buffer.from(`${offset}${secret}tail`).toString('base64'))).not.toEqual([])
      expect(found(Buffer.from(`${offset}${secret}`).toString('base64url'))).not.toEqual([])
    }
  }
})

describe('a secret in an odd place', () => {
  test.concurrent.each([
    'redis://S3CRETTOKENX@h:6379/0',
    'redis://h:6379/0;password=S3CRETTOKENX',
    'postgres://h/app;password=S3CRETTOKENX',
    'vault://s.S3CRETTOKENX',
    'sk-live://S3CRETTOKENX',
    'https://hooks.test/services/S3CRETTOKENX',
  ])('%s is shown nowhere and stands in no journal', async (value) => {
    using place = scratch(`ODD_URL=${value}\n`)
    const said: string[] = []
    for (const args of [
      ['status'],
      ['detach', 'ODD_URL'],
      ['log'],
      ['log', '--json'],
      ['undo', 'v1', '--no-probe'],
      ['status', '--json'],
    ]) {
      const { stdout, stderr } = await attach(args, { cwd: place.path })
      said.push(stdout, stderr)
    }
    expect(place.read()).toContain(value)
    expect(said.join('')).not.toContain('S3CRETTOKENX')
    expect(readFileSync(join(place.path, '.attach/.env/journal'), 'utf8')).not.toContain('S3CRETTOKENX')
  })

  test.concurrent('a message with a handle in it is kept without the secret', async () => {
    using place = scratch('')
    const url = 'postgres://app:S3CRETTOKENX@h/b'
    await attach([`ODD_URL=${url}`, '--no-probe', '-m', `moved to ${url}`], { cwd: place.path })
    expect(readFileSync(join(place.path, '.attach/.env/journal'), 'utf8')).not.toContain('S3CRETTOKENX')
  })

  test.concurrent('an address of a config that holds credentials is not shown', async () => {
    using place = scratch('A=1\n')
    for (const address of [
      'my_store://u:S3CRETTOKENX@h/x',
      'u:S3CRETTOKENX@h/key',
      'file://u:S3CRETTOKENX@h/.env',
      ' etcd://u:S3CRETTOKENX@h/x',
    ]) {
      const ran = await attach(['status', '-c', address], { cwd: place.path })
      expect(ran).toMatchObject({ exit: 2 })
      expect(ran.stdout + ran.stderr).not.toContain('S3CRETTOKENX')
    }
  })
})
