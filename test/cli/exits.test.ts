import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, chmodSync, cpSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import { asDocument, attach, begin, documentIn, type RunOptions } from '../support/cli.ts'
import { answers, hangsUp, type Liar, liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { end, eventually } from '../support/processes.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import {
  configOf,
  frozen,
  gate,
  give,
  journalOf,
  journalPath,
  reopen,
  type Scratch,
  scratch,
  trapped,
  treeOf,
  verdictsOf,
} from '../support/scratch.ts'

const ONE = 'redis://one.test:6379/0'
const TWO = 'redis://two.test:6379/0'
const THREE = 'redis://three.test:6379/0'
/** Run as root, these rights are checked as this user. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** What the rows talk to. */
interface Servers {
  readonly up: string
  readonly upToo: string
  readonly locked: string
  readonly replica: string
  readonly down: string
  readonly mute: string
  readonly foreign: string
  readonly rude: string
}

interface Row {
  readonly title: string
  readonly config?: string
  readonly prepare?: (place: Scratch) => Promise<void> | void
  readonly args: readonly string[] | ((servers: Servers) => readonly string[])
  readonly how?: Partial<RunOptions>
  readonly exit: number
  readonly outcome: Document['outcome']
  readonly code?: string
  /** The exit of the same line with --dry-run, where it is not the same. `null`: the line does not take it. */
  readonly dry?: number | null
  /** What the config holds afterwards. Absent: nobody wrote it. */
  readonly after?: (servers: Servers) => string
  /** How the operations of the journal ended afterwards. Absent: nobody wrote it. */
  readonly verdicts?: readonly string[]
}

const none: Servers = { up: ONE, upToo: TWO, locked: ONE, replica: ONE, down: ONE, mute: ONE, foreign: ONE, rude: ONE }

/** Runs a row twice: as a person reads it with --dry-run, then in earnest with --json. */
async function check(row: Row, servers: Servers): Promise<void> {
  using place = scratch(row.config ?? `PORT=3000\nREDIS_URL=${ONE}\n`)
  await row.prepare?.(place)
  const args = typeof row.args === 'function' ? row.args(servers) : row.args
  const how: RunOptions = { cwd: place.path, ...row.how }
  const untouched = treeOf(place.path)
  if (row.dry !== null) {
    const exit = row.dry ?? row.exit
    const ran = await attach([...args, '--dry-run'], how)
    expect(ran).toMatchObject({ exit })
    if (exit !== 0) expect(ran.stderr).toMatch(/^attach: .+\n(.*\n)*? {2}hint: \S/m)
    expect(treeOf(place.path)).toEqual(untouched)
  }
  const [config, journal] = [configOf(place), journalOf(place)]
  const { document, exit } = await asDocument(args, how)
  expect({ ...document, ran: exit }).toMatchObject({ ran: row.exit, exit: row.exit, outcome: row.outcome })
  if (row.code !== undefined) expect(document.error).toMatchObject({ code: row.code })
  if (row.after === undefined) expect(configOf(place)).toBe(config)
  else expect(place.read()).toBe(row.after(servers))
  if (row.verdicts === undefined) expect(journalOf(place)).toEqual(journal)
  else expect(verdictsOf(place)).toEqual(row.verdicts)
  if (exit !== 0) expect(document.error?.hint, 'the hint of the error').toEqual(expect.stringMatching(/\w/))
}

const made = new Map<string, Promise<Scratch>>()

/** A place with the releases v1 … that these lines make. They are made once, and copied. */
const released =
  (...lines: readonly string[]) =>
  async (place: Scratch): Promise<void> => {
    const wanted = [place.read(), ...lines].join('\n')
    const template = made.get(wanted) ?? release(place.read(), lines)
    made.set(wanted, template)
    cpSync((await template).path, place.path, { recursive: true })
  }

async function release(config: string, lines: readonly string[]): Promise<Scratch> {
  const place = scratch(config)
  for (const line of lines) expect(await attach([...line.split(' '), '--no-probe', '-y'], { cwd: place.path })).toMatchObject({ exit: 0 })
  return place
}

afterAll(async () => {
  for (const template of made.values()) (await template)[Symbol.dispose]()
})

const twice = released(`swap REDIS_URL=${TWO}`, `swap REDIS_URL=${THREE}`)

/** The last operation is left open, as by a kill before its close, and the key holds `value`. */
const killedHolding =
  (value: string) =>
  async (place: Scratch): Promise<void> => {
    await twice(place)
    reopen(place, `PORT=3000\nREDIS_URL=${value}\n`)
  }

/** Root may do everything: what rights forbid is tried as somebody else. */
const asNobody = (prepare: (place: Scratch) => Promise<void> | void) => async (place: Scratch) => {
  await prepare(place)
  if (isRoot) give(place.path, NOBODY)
}
const nobody: Partial<RunOptions> = isRoot ? { uid: NOBODY } : {}

const NO_PROBE: readonly Row[] = [
  {
    title: '0: an absent key is attached',
    args: [`CACHE_URL=${ONE}`, '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${ONE}\nCACHE_URL=${ONE}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: a value from a file',
    prepare: ({ write }) => write('secret', `${TWO}\n`),
    args: ['swap', '--from-file', 'REDIS_URL=secret', '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${TWO}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: a value from a command',
    args: ['swap', '--from-command', `REDIS_URL=echo ${TWO}`, '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${TWO}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: the old handle is kept',
    args: ['swap', `REDIS_URL=${TWO}`, '--no-probe', '--keep-old'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${TWO}\nREDIS_URL_OLD=${ONE}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: the same value, and nothing to keep',
    args: ['swap', `REDIS_URL=${ONE}`, '--no-probe', '--keep-old'],
    exit: 0,
    outcome: 'unchanged',
  },
  { title: '2: a file that is not there', args: ['--from-file', 'A_URL=secret'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a command that fails', args: ['--from-command', 'A_URL=exit 1'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: an old handle kept under a changed key', args: ['A_URL=x', '--keep-old-as', 'A_URL'], exit: 2, outcome: 'unchanged' },
  {
    title: '3: a command that does not end in time',
    args: ['--from-command', 'A_URL=sleep 30', '--timeout', '200ms'],
    exit: 3,
    outcome: 'refused',
    code: 'REFUSED',
  },
  {
    title: '0: another value that is meant',
    args: [`REDIS_URL=${TWO}`, '--no-probe', '-y'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${TWO}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: hard links, written in place',
    prepare: ({ env, at }) => linkSync(env, at('other')),
    args: [`A_URL=${ONE}`, '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${ONE}\nA_URL=${ONE}\n`,
    verdicts: ['committed'],
  },
  {
    title: '0: detached',
    args: ['detach', 'REDIS_URL'],
    exit: 0,
    outcome: 'changed',
    after: () => 'PORT=3000\n',
    verdicts: ['committed'],
  },
  {
    title: '0: rolled back to v0',
    prepare: twice,
    args: ['rollback', 'v0', '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${ONE}\n`,
    verdicts: ['committed', 'committed', 'committed'],
  },
  {
    title: '0: undone',
    prepare: twice,
    args: ['undo', '--no-probe'],
    exit: 0,
    outcome: 'changed',
    after: () => `PORT=3000\nREDIS_URL=${TWO}\n`,
    verdicts: ['committed', 'committed', 'committed'],
  },
  { title: '0: the same value again', args: [`REDIS_URL=${ONE}`], exit: 0, outcome: 'unchanged' },
  { title: '0: a swap to the same value', args: ['swap', `REDIS_URL=${ONE}`], exit: 0, outcome: 'unchanged' },
  { title: '0: detach of an absent key', args: ['detach', 'REDIS_URI'], exit: 0, outcome: 'unchanged' },
  { title: '0: a rollback to what stands', prepare: twice, args: ['rollback', 'v2'], exit: 0, outcome: 'unchanged' },
  { title: '0: nothing to recover', prepare: twice, args: ['recover'], dry: null, exit: 0, outcome: 'unchanged' },
  { title: '0: status', args: ['status'], dry: null, exit: 0, outcome: 'unchanged' },
  { title: '0: log', prepare: twice, args: ['log'], dry: null, exit: 0, outcome: 'unchanged' },
  { title: '0: version', args: ['version'], dry: null, exit: 0, outcome: 'unchanged' },
  { title: '0: help', args: ['help', 'swap'], dry: null, exit: 0, outcome: 'unchanged' },

  {
    title: '1: a bug of ours',
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: { env: trapped({ call: 'existsSync', path: '/.env', does: 'bug', text: 'what happened' }) },
    exit: 1,
    outcome: 'unknown',
    code: 'BUG',
  },

  { title: '2: nothing was asked for', args: [], dry: null, exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a mistyped command', args: ['statsu'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: "2: another tool's command", args: ['promote'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a mistyped option', args: [`CACHE_URL=${ONE}`, '--forse'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: an option of another command', args: ['status', '--dry-run'], dry: null, exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: two deploys', args: [`CACHE_URL=${ONE}`, '-c', '.env', '-d', 'x'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: no name of a deploy', args: ['status', '-d', '../x'], dry: null, exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: an empty value', args: ['REDIS_URL='], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: an empty stdin', args: ['REDIS_URL=-'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: stdin asked for twice', args: ['A_URL=-', 'B_URL=-'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  {
    title: '2: stdin that is no text',
    args: ['A_URL=-'],
    how: { input: Buffer.from([0xff, 0xfe]) },
    exit: 2,
    outcome: 'unchanged',
    code: 'USAGE',
  },
  { title: '2: no terminal to ask', args: ['A_URL'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  {
    title: '2: an environment variable that is not set',
    args: ['--from-env', 'A_URL=NOT_SET'],
    exit: 2,
    outcome: 'unchanged',
    code: 'USAGE',
  },
  { title: '2: no scheme and no kind', args: ['A_URL=localhost'], exit: 2, outcome: 'unchanged', code: 'HANDLE_INVALID' },
  { title: '2: a handle that is wrong', args: ['A_URL=redis://h:x/0'], exit: 2, outcome: 'unchanged', code: 'HANDLE_INVALID' },
  { title: '2: a service not spoken yet', args: ['A_URL=nosuch://h/d'], exit: 2, outcome: 'unchanged', code: 'HANDLE_INVALID' },
  { title: '2: an unknown kind', args: ['A_URL=x', '--kind', 'nosuch'], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: no variable name', args: [`my-key=${ONE}`], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a key apart from its handle', args: ['A_URL', ONE], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a handle without a key', args: [ONE], exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: a command that attach does not run', args: ['status', '--', 'ls'], dry: null, exit: 2, outcome: 'unchanged', code: 'USAGE' },
  { title: '2: no such directory', args: ['status', '-C', 'nowhere'], dry: null, exit: 2, outcome: 'unchanged', code: 'USAGE' },
  ...['status', 'log', 'probe REDIS_URL', `swap REDIS_URL=${TWO}`, 'detach REDIS_URL', 'rollback', 'undo', 'recover'].map(
    (line): Row => ({
      title: `2: ${line.split(' ')[0]} of a config that is not there`,
      args: [...line.split(' '), '-d', 'producton'],
      prepare: ({ write }) => write('.env.production', 'A=1\n'),
      ...(['status', 'log', 'probe'].includes(line.split(' ')[0] ?? '') ? { dry: null } : {}),
      exit: 2,
      outcome: 'unchanged',
      code: 'USAGE',
    }),
  ),
  {
    title: '2: attach of a config that only --create makes',
    args: [`A_URL=${ONE}`, '-d', 'new'],
    exit: 2,
    outcome: 'unchanged',
    code: 'USAGE',
  },
  {
    title: '2: a config that is a directory',
    prepare: ({ at }) => mkdirSync(at('.env.d')),
    args: ['swap', `A_URL=${ONE}`, '-d', 'd'],
    exit: 2,
    outcome: 'unchanged',
    code: 'CONFIG_INVALID',
  },
  {
    title: '2: a link to nothing',
    prepare: ({ at }) => symlinkSync('nowhere', at('.env.l')),
    args: [`A_URL=${ONE}`, '-d', 'l', '--create'],
    exit: 2,
    outcome: 'unchanged',
    code: 'CONFIG_INVALID',
  },
  {
    title: '2: a config over 16 MiB',
    prepare: ({ write }) => write('.env', Buffer.alloc(16 * 1024 * 1024 + 1, '#')),
    args: [`A_URL=${ONE}`, '--no-probe'],
    exit: 2,
    outcome: 'unchanged',
    code: 'CONFIG_INVALID',
  },

  { title: '3: not confirmed', args: [`REDIS_URL=${TWO}`, '--no-probe'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  {
    title: '3: another name confirmed',
    args: ['swap', `REDIS_URL=${TWO}`, '--confirm', 'x'],
    exit: 3,
    outcome: 'refused',
    code: 'REFUSED',
  },
  { title: '3: swap of an absent key', args: ['swap', `A_URL=${TWO}`], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: swap of an absent key by parts', args: ['swap', 'A_URL', '--host', 'h'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: swap of an empty key', config: 'A_URL=\n', args: ['swap', `A_URL=${TWO}`], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: from a key that holds nothing', args: ['--from-key', 'A_URL=B_URL'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: undo with no release', args: ['undo'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: rollback with no release', args: ['rollback'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: undo of a release to come', prepare: twice, args: ['undo', 'v9'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  { title: '3: rollback to a release to come', prepare: twice, args: ['rollback', 'v9'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  ...['undo', 'rollback'].flatMap((first) =>
    ['undo', 'rollback'].map(
      (second): Row => ({
        title: `3: a bare ${second} right after a bare ${first}`,
        prepare: released(`swap REDIS_URL=${TWO}`, `swap REDIS_URL=${THREE}`, first),
        args: [second],
        exit: 3,
        outcome: 'refused',
        code: 'REFUSED',
      }),
    ),
  ),
  {
    title: '3: undo of a release whose values are gone',
    prepare: released(...Array.from({ length: 11 }, (_, at) => `swap REDIS_URL=redis://h${at}.test/0`)),
    args: ['undo', 'v1'],
    exit: 3,
    outcome: 'refused',
    code: 'REFUSED',
  },

  ...['rollback', 'undo'].map(
    (verb): Row => ({
      title: `4: ${verb} over an edit made outside`,
      prepare: async (place) => {
        await twice(place)
        place.write('.env', 'PORT=3000\nREDIS_URL=redis://by-hand.test/0\n')
      },
      args: [verb, '--no-probe'],
      exit: 4,
      outcome: 'refused',
      code: 'CONFLICT',
    }),
  ),
  {
    title: '4: undo of a release whose key a later one changed',
    prepare: twice,
    args: ['undo', 'v1', '--no-probe'],
    exit: 4,
    outcome: 'refused',
    code: 'CONFLICT',
  },
  ...['rollback', 'undo'].map(
    (verb): Row => ({
      title: `0: ${verb} over an edit that is let pass`,
      prepare: async (place) => {
        await twice(place)
        place.write('.env', 'PORT=3000\nREDIS_URL=redis://by-hand.test/0\n')
      },
      args: [verb, '--no-probe', '--allow', 'config.edited'],
      exit: 0,
      outcome: 'changed',
      after: () => `PORT=3000\nREDIS_URL=${TWO}\n`,
      verdicts: ['committed', 'committed', 'committed'],
    }),
  ),

  {
    title: '6: a directory that may not be written',
    prepare: asNobody(({ path }) => chmodSync(path, 0o555)),
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: nobody,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: a config that may not be read',
    prepare: asNobody(({ env }) => chmodSync(env, 0o000)),
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: nobody,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: status of a config that may not be read',
    prepare: asNobody(({ env }) => chmodSync(env, 0o000)),
    args: ['status'],
    how: nobody,
    dry: null,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  ...(isRoot
    ? [
        {
          title: "6: somebody else's config",
          prepare: ({ path }: Scratch) => chmodSync(path, 0o777),
          args: [`A_URL=${ONE}`, '--no-probe'],
          how: nobody,
          exit: 6,
          outcome: 'unchanged',
          code: 'UNAVAILABLE',
        } satisfies Row,
      ]
    : []),
  {
    title: '6: a file where the history should be',
    prepare: ({ write }) => write('.attach', 'mine\n'),
    args: [`A_URL=${ONE}`, '--no-probe'],
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: hard links, where nothing is to be written in place',
    prepare: ({ env, at }) => linkSync(env, at('other')),
    args: [`A_URL=${ONE}`, '--no-probe', '--atomic-only'],
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: a journal that is damaged',
    prepare: async (place) => {
      await twice(place)
      const lines = place.read('.attach/.env/journal').split('\n')
      writeFileSync(journalPath(place), lines.map((line, at) => (at === 3 ? line.replace('committed', 'commItted') : line)).join('\n'))
    },
    args: ['swap', `REDIS_URL=${ONE}`, '--no-probe'],
    exit: 6,
    outcome: 'unchanged',
    code: 'DAMAGED',
  },
  {
    title: '6: a journal of a newer attach',
    prepare: async (place) => {
      await twice(place)
      appendFileSync(journalPath(place), newerLine())
    },
    args: ['swap', `REDIS_URL=${ONE}`, '--no-probe'],
    exit: 6,
    outcome: 'unchanged',
    code: 'DAMAGED',
  },
  {
    title: '6: a full disk, met by the new config',
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: { env: trapped({ call: 'writeSync', path: '.tmp', does: 'ENOSPC' }) },
    dry: 0,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
    verdicts: ['aborted'],
  },
  {
    title: '6: a full disk, met by the values',
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: { env: trapped({ call: 'writeSync', path: '/values/', does: 'ENOSPC' }) },
    dry: 0,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: a full disk, met by the intent',
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: { env: trapped({ call: 'writeSync', path: '/journal', does: 'ENOSPC' }) },
    dry: 0,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
  },
  {
    title: '6: a disk that fails under the new config',
    args: [`A_URL=${ONE}`, '--no-probe'],
    how: { env: trapped({ call: 'fsyncSync', path: '.tmp', does: 'EIO' }) },
    dry: 0,
    exit: 6,
    outcome: 'unchanged',
    code: 'UNAVAILABLE',
    verdicts: ['aborted'],
  },

  ...[
    `swap REDIS_URL=${ONE} --no-probe`,
    `A_URL=${ONE} --no-probe`,
    'detach REDIS_URL',
    'rollback v0 --no-probe --allow config.edited',
    'undo v1 --no-probe --allow config.edited',
  ].map(
    (line): Row => ({
      title: `8: neither old nor new is found by ${line.split(' ')[0]?.replace(/=.*/, '')}`,
      prepare: killedHolding('redis://by-hand.test/0'),
      args: line.split(' '),
      exit: 8,
      dry: 3,
      outcome: 'unknown',
      code: 'INCOMPLETE',
      verdicts: ['committed', 'open'],
    }),
  ),
  {
    title: '8: neither old nor new is found by recover',
    prepare: killedHolding('redis://by-hand.test/0'),
    args: ['recover'],
    dry: null,
    exit: 8,
    outcome: 'unknown',
    code: 'INCOMPLETE',
    verdicts: ['committed', 'open'],
  },
]

/** A whole line, as a later version would write it. */
function newerLine(): string {
  const body = '{"v":2,"prev":"","type":"intent","seq":5'
  return `${body},"sum":"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"}\n`
}

const AT_SERVERS: readonly Row[] = [
  {
    title: '0: attached after a probe',
    args: ({ up }) => [`A_URL=${up}`],
    exit: 0,
    outcome: 'changed',
    after: ({ up }) => `PORT=3000\nREDIS_URL=${ONE}\nA_URL=${up}\n`,
    verdicts: ['committed'],
  },
  { title: '0: probed', args: ({ up }) => ['probe', up], dry: null, exit: 0, outcome: 'unchanged' },
  { title: '3: no such host', args: ['A_URL=redis://nowhere.invalid/0'], exit: 3, outcome: 'refused', code: 'PROBE_FAILED' },
  { title: '3: nothing listens', args: ({ down }) => [`A_URL=${down}`], exit: 3, outcome: 'refused', code: 'PROBE_FAILED' },
  {
    title: '3: no TLS there',
    args: ({ rude }) => [`A_URL=${rude.replace('redis:', 'rediss:')}`],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
  { title: '3: another protocol', args: ({ foreign }) => [`A_URL=${foreign}`], exit: 3, outcome: 'refused', code: 'PROBE_FAILED' },
  {
    title: '3: a wrong password',
    args: ({ locked }) => [`A_URL=${locked.replace(/:[^:@]+@/, ':wrong-word@')}`],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
  { title: '3: no such database', args: ({ up }) => [`A_URL=${up}9999`], exit: 3, outcome: 'refused', code: 'PROBE_FAILED' },
  {
    title: '3: a replica where writing is meant',
    args: ({ replica }) => ['swap', `REDIS_URL=${replica}`],
    exit: 3,
    outcome: 'refused',
    code: 'REFUSED', // By redis.role: it answered, and was compared.
  },
  {
    title: '3: a primary where a replica is meant',
    args: ({ up }) => [`A_URL=${up}`, '--expect', 'replica'],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
  {
    title: '3: -y skips no check',
    args: ({ down }) => ['swap', `REDIS_URL=${down}`, '-y'],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
  {
    title: '3: one of two does not answer',
    args: ({ up, down }) => [`A_URL=${up}`, `B_URL=${down}`],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
  { title: '3: time passed', args: ({ mute }) => [`A_URL=${mute}`, '--timeout', '400ms'], exit: 3, outcome: 'refused', code: 'REFUSED' },
  {
    title: '3: probe of a handle that fails',
    args: ({ down }) => ['probe', down],
    dry: null,
    exit: 3,
    outcome: 'unchanged',
    code: 'PROBE_FAILED',
  },
  {
    title: '3: time passed in a probe',
    args: ({ mute }) => ['probe', mute, '--timeout', '400ms'],
    dry: null,
    exit: 3,
    outcome: 'unchanged',
  },
  {
    title: '3: rollback to what does not answer',
    prepare: released(`swap REDIS_URL=redis://127.0.0.1:1/0`, `swap REDIS_URL=${THREE}`),
    args: ['rollback'],
    exit: 3,
    outcome: 'refused',
    code: 'PROBE_FAILED',
  },
]

describe('section 4 of the design, without a server', () => {
  test.concurrent('5: a living operation is waited for, named, and left alone', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const first = begin(['swap', `REDIS_URL=${TWO}`, '--no-probe'], {
      cwd: place.path,
      env: trapped({ call: 'renameSync', does: 'SIGSTOP' }),
    })
    await frozen(first.pid)
    const untouched = treeOf(place.path)
    const blocked = async (line: string): Promise<void> => {
      const args = [...line.split(' '), '--lock-timeout', '0', ...(/swap|A_URL/.test(line) ? ['--no-probe'] : [])]
      const dry = await asDocument([...args, '--dry-run'], { cwd: place.path })
      expect({ line, dry: dry.exit }).toEqual({ line, dry: 5 })
      const { exit, document } = await asDocument(args, { cwd: place.path })
      expect({ line, exit, document }).toMatchObject({
        line,
        exit: 5,
        document: { outcome: 'refused', error: { code: 'BUSY', hint: expect.stringContaining('attach') } },
      })
      expect(document.error?.message).toMatch(/swap by \S+ on \S+/)
      expect(document.error?.message).toContain(`${first.pid}`)
    }
    await Promise.all([`swap REDIS_URL=${THREE}`, `A_URL=${THREE}`, 'detach REDIS_URL', 'recover', 'recover --keep'].map(blocked))
    const status = await asDocument(['status'], { cwd: place.path })
    expect(status.document).toMatchObject({ exit: 0, open: { verb: 'swap', owner: 'alive', keys: ['REDIS_URL'] } })
    expect((await attach(['log'], { cwd: place.path })).stdout).toMatch(/under way/)
    expect(treeOf(place.path)).toEqual(untouched)
    first.kill('SIGCONT')
    expect(await first.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
    expect(verdictsOf(place)).toEqual(['committed'])
  })

  test.concurrent.each(NO_PROBE)('$title', (row) => check(row, none))

  test.concurrent('2: attach in a folder whose parent in the checkout has a config', async () => {
    using place = scratch(`A=1\n`)
    mkdirSync(place.at('.git'))
    place.write('app/README', '')
    const untouched = treeOf(place.path)
    const { exit, document } = await asDocument([`A_URL=${ONE}`, '--no-probe'], { cwd: place.at('app') })
    expect({ exit, document }).toMatchObject({ exit: 2, document: { outcome: 'unchanged', error: { code: 'USAGE' } } })
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test.concurrent('6: a file system that is really full', async ({ skip }) => {
    if (!isRoot) skip('only root can mount a small disk')
    using place = scratch()
    const disk = place.at('disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk], { stdio: 'ignore' })
    } catch {
      skip('this machine does not let root mount')
    }
    try {
      writeFileSync(`${disk}/.env`, `REDIS_URL=${ONE}\n${'# a long file\n'.repeat(1500)}`)
      const config = treeOf(disk)['.env']
      const filler = Buffer.alloc(64 * 1024)
      try {
        writeFileSync(`${disk}/filler`, filler)
      } catch {
        // As much as there was room for.
      }
      const { exit, document } = await asDocument(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: disk })
      expect({ exit, document }).toMatchObject({ exit: 6, document: { outcome: 'unchanged', error: { code: 'UNAVAILABLE' } } })
      expect(treeOf(disk)['.env']).toBe(config)
    } finally {
      execFileSync('umount', [disk], { stdio: 'ignore' })
    }
  })

  test.concurrent.each([
    ['--timeout passes', null, 3, 'REFUSED'],
    ['SIGINT comes', 'SIGINT', 130, 'INTERRUPTED'],
    ['SIGTERM comes', 'SIGTERM', 143, 'INTERRUPTED'],
  ] as const)('while a living operation is waited for, %s: nothing was changed', async (_, signal, exit, code) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const first = begin(['swap', `REDIS_URL=${TWO}`, '--no-probe'], {
      cwd: place.path,
      env: trapped({ call: 'renameSync', does: 'SIGSTOP' }),
    })
    await frozen(first.pid)
    const untouched = treeOf(place.path)
    const more = signal === null ? ['--timeout', '700ms'] : []
    const second = begin([`B_URL=${THREE}`, '--no-probe', '--json', ...more], { cwd: place.path })
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    if (signal !== null) second.kill(signal)
    const ran = await Promise.race([second.ended, new Promise<null>((resolve) => setTimeout(() => resolve(null), 5_000))])
    if (ran === null) second.kill('SIGKILL')
    expect(ran, 'it ended within 5 s').toMatchObject({ exit })
    expect(documentIn(ran?.stdout ?? '')).toMatchObject({ exit, error: { code } })
    expect(treeOf(place.path)).toEqual(untouched)
    first.kill('SIGCONT')
    expect(await first.ended).toMatchObject({ exit: 0 })
  })

  test.concurrent('5: a lock that something else holds, with no operation open; what only reads goes on', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    await released(`swap REDIS_URL=${TWO}`)(place)
    const holder = spawn('flock', ['-F', '-x', place.at('.attach/.env/lock'), 'sleep', '30'], { stdio: 'ignore' })
    try {
      await eventually('the lock being held', async () => execFileSync('sh', ['-c', `! flock -n ${place.at('.attach/.env/lock')} true`]))
      const untouched = treeOf(place.path)
      const { exit, document } = await asDocument(['swap', `REDIS_URL=${THREE}`, '--no-probe', '--lock-timeout', '0'], { cwd: place.path })
      expect({ exit, document }).toMatchObject({ exit: 5, document: { outcome: 'refused', error: { code: 'BUSY' } } })
      expect(document.error?.message).toMatch(/--lock-timeout/)
      for (const verb of ['status', 'log'])
        expect(await asDocument([verb], { cwd: place.path })).toMatchObject({ document: { exit: 0, open: null } })
      expect(treeOf(place.path)).toEqual(untouched)
    } finally {
      await end(holder)
    }
    expect(await attach(['swap', `REDIS_URL=${THREE}`, '--no-probe', '--lock-timeout', '0'], { cwd: place.path })).toMatchObject({
      exit: 0,
    })
  })

  test.concurrent('0: a living operation that ends in time is waited for', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const first = begin([`A_URL=${TWO}`, '--no-probe'], { cwd: place.path, env: trapped({ call: 'renameSync', does: 'SIGSTOP' }) })
    await frozen(first.pid)
    const second = begin([`B_URL=${THREE}`, '--no-probe', '--lock-timeout', '20s'], { cwd: place.path })
    await new Promise((resolve) => setTimeout(resolve, 700))
    first.kill('SIGCONT')
    expect(await first.ended).toMatchObject({ exit: 0 })
    expect(await second.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${ONE}\nA_URL=${TWO}\nB_URL=${THREE}\n`)
  })

  test.concurrent('8: what stands, what was and what was to be are told, with both ways on, and one of them always ends it', async () => {
    using place = scratch(`PORT=3000\nREDIS_URL=${ONE}\n`)
    await killedHolding('redis://by-hand.test/0')(place)
    const ran = await attach(['recover'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 8 })
    for (const said of ['two.test', 'three.test', 'by-hand.test', 'attach recover --keep']) expect(ran.stderr).toContain(said)
    expect((await asDocument(['status'], { cwd: place.path })).document).toMatchObject({ exit: 0, open: { verb: 'swap', owner: 'dead' } })
    const kept = await asDocument(['recover', '--keep'], { cwd: place.path })
    expect(kept.document).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('PORT=3000\nREDIS_URL=redis://by-hand.test/0\n')
    expect(verdictsOf(place)).toEqual(['committed', 'kept'])
    expect(await attach(['swap', `REDIS_URL=${ONE}`, '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
  })

  test.concurrent('8: a close that cannot be written leaves the operation open and says so; recover ends it', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const env = trapped({ call: 'writeSync', path: '/journal', nth: 2, does: 'ENOSPC' })
    const { exit, document } = await asDocument(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path, env })
    expect({ exit, document }).toMatchObject({ exit: 8, document: { outcome: 'unknown', error: { code: 'INCOMPLETE' } } })
    expect(document.error?.hint).toContain('attach recover')
    expect({ config: place.read(), verdicts: verdictsOf(place) }).toEqual({ config: `REDIS_URL=${TWO}\n`, verdicts: ['open'] })
    expect(await asDocument(['recover'], { cwd: place.path })).toMatchObject({ document: { exit: 0, outcome: 'changed' } })
    expect(verdictsOf(place)).toEqual(['committed'])
  })

  test.concurrent('0: a reply that was lost is not a write that was lost', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const env = trapped({ call: 'renameSync', when: 'after', does: 'EIO' })
    expect(await asDocument(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path, env })).toMatchObject({
      document: { exit: 0, outcome: 'changed' },
    })
    expect({ config: place.read(), verdicts: verdictsOf(place) }).toEqual({ config: `REDIS_URL=${TWO}\n`, verdicts: ['committed'] })
  })

  test.concurrent('6: a rename that failed is proved to have changed nothing', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const env = trapped({ call: 'renameSync', does: 'EIO' })
    const { document } = await asDocument(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path, env })
    expect(document).toMatchObject({ exit: 6, outcome: 'unchanged', error: { code: 'UNAVAILABLE' } })
    expect({ config: place.read(), verdicts: verdictsOf(place) }).toEqual({ config: `REDIS_URL=${ONE}\n`, verdicts: ['aborted'] })
    expect(Object.keys(treeOf(place.path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test.concurrent.each([
    ['the new value', THREE, ['committed', 'committed']],
    ['the old value', TWO, ['committed', 'aborted']],
  ])('0: a killed operation that left %s is closed by recover and by the next command', async (_, value, verdicts) => {
    for (const line of ['recover', `A_URL=${ONE} --no-probe`]) {
      using place = scratch(`PORT=3000\nREDIS_URL=${ONE}\n`)
      await killedHolding(value)(place)
      const { exit } = await asDocument(line.split(' '), { cwd: place.path })
      expect(exit).toBe(0)
      expect(verdictsOf(place).slice(0, 2)).toEqual(verdicts)
      expect(place.read()).toContain(`REDIS_URL=${value}\n`)
    }
  })
})

describe.runIf(haveRedis())('section 4 of the design, with servers', () => {
  const redis: RedisServer[] = []
  const liars: Liar[] = []
  let servers: Servers

  beforeAll(async () => {
    const [up, upToo, locked] = await Promise.all([startRedis(), startRedis(), startRedis({ password: 'locked-word' })])
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${up.port}`] })
    redis.push(up, upToo, locked, replica)
    const [mute, foreign, rude] = await Promise.all([liar(silent), liar(answers('HTTP/1.1 400 Bad Request\r\n\r\n')), liar(hangsUp)])
    liars.push(mute, foreign, rude)
    const at = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}/0`
    servers = {
      up: up.url(),
      upToo: upToo.url(),
      locked: locked.url(),
      replica: replica.url(),
      down: at({ port: await freePort() }),
      mute: at(mute),
      foreign: at(foreign),
      rude: at(rude),
    }
  })
  afterAll(() => Promise.all([...redis, ...liars].map((server) => server[Symbol.asyncDispose]())))

  test.concurrent('3: a server that never speaks ends within its bounds, and the message names the stage', async () => {
    using place = scratch('A=1\n')
    const begun = performance.now()
    const { exit, document } = await asDocument([`A_URL=${servers.mute}`], { cwd: place.path })
    expect({ exit, probes: document.probes }).toMatchObject({ exit: 3, probes: [{ report: { ok: false, failedAt: 'speak' } }] })
    expect(performance.now() - begun).toBeLessThan(14_000)
  })

  test.concurrent.each(AT_SERVERS)('$title', (row) => check(row, servers))

  test.concurrent.each([
    ['the key of the change', (_was: string): string => 'REDIS_URL=redis://by-hand.test/0\nA=1\n', 4],
    ['another key', (was: string): string => `REDIS_URL=${was}\nA=2\n`, 0],
  ] as const)('an editor that saves %s while the probe runs is never overwritten', async (_, edit, exit) => {
    const before = servers.upToo
    await using door = await gate(Number(new URL(servers.up).port))
    using place = scratch(`REDIS_URL=${before}\nA=1\n`)
    const next = `redis://127.0.0.1:${door.port}/0`
    const run = begin(['swap', `REDIS_URL=${next}`, '--json'], { cwd: place.path })
    await door.reached
    place.write('.env', edit(before))
    door.letThrough()
    const ran = await run.ended
    expect({ ran, exit: ran.exit }).toMatchObject({ exit })
    const document = documentIn(ran.stdout)
    if (exit === 0) {
      expect(place.read()).toBe(`REDIS_URL=${next}\nA=2\n`)
      return
    }
    expect(document).toMatchObject({ outcome: 'refused', error: { code: 'CONFLICT', hint: expect.stringContaining('attach') } })
    expect(place.read()).toBe(edit(before))
    expect(verdictsOf(place)).toEqual(['aborted'])
  })

  test.concurrent('4: a key that another attach command changed while the probe ran', async () => {
    await using door = await gate(Number(new URL(servers.up).port))
    using place = scratch(`REDIS_URL=${servers.upToo}\n`)
    const slow = begin(['swap', `REDIS_URL=redis://127.0.0.1:${door.port}/0`, '--json'], { cwd: place.path })
    await door.reached
    expect(await attach(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
    door.letThrough()
    const ran = await slow.ended
    expect(documentIn(ran.stdout)).toMatchObject({ exit: 4, outcome: 'refused', error: { code: 'CONFLICT' } })
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
    expect(verdictsOf(place)).toEqual(['committed'])
  })

  test.concurrent('0: another attach command that changes another key while the probe runs is no conflict', async () => {
    await using door = await gate(Number(new URL(servers.up).port))
    using place = scratch(`REDIS_URL=${servers.upToo}\n`)
    const next = `redis://127.0.0.1:${door.port}/0`
    const slow = begin(['swap', `REDIS_URL=${next}`, '--json'], { cwd: place.path })
    await door.reached
    expect(await attach([`A_URL=${TWO}`, '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
    door.letThrough()
    expect(await slow.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${next}\nA_URL=${TWO}\n`)
    expect(verdictsOf(place)).toEqual(['committed', 'committed'])
  })

  test.concurrent.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while a server is silent ends with %i, and nothing was changed', async (signal, exit) => {
    for (const args of [
      [`A_URL=${servers.mute}`],
      ['swap', `REDIS_URL=${servers.mute}`],
      ['probe', servers.mute],
      [`A_URL=${servers.mute}`, '--dry-run'],
    ]) {
      const mute = await liar(silent)
      using place = scratch(`REDIS_URL=${ONE}\n`)
      const untouched = treeOf(place.path)
      const words = args.map((word) => word.replace(servers.mute, `redis://127.0.0.1:${mute.port}/0`))
      const run = begin([...words, '--json'], { cwd: place.path })
      while (mute.heard() === '') await new Promise((resolve) => setTimeout(resolve, 10))
      run.kill(signal)
      const ran = await run.ended
      expect({ args: args[0], exit: ran.exit }).toEqual({ args: args[0], exit })
      expect(documentIn(ran.stdout)).toMatchObject({ exit, outcome: 'unchanged', error: { code: 'INTERRUPTED' } })
      expect(treeOf(place.path)).toEqual(untouched)
      await mute[Symbol.asyncDispose]()
    }
  })

  test.concurrent('what only looks writes nothing: status, status --probe, log, probe, and every --dry-run', async () => {
    using place = scratch(`REDIS_URL=${servers.up}\n`)
    await released(`swap REDIS_URL=${servers.upToo}`)(place)
    const untouched = treeOf(place.path)
    const lines = ['status', 'status --probe', 'log', 'log --reveal', 'probe', 'probe REDIS_URL', `probe ${servers.up}`]
    const dry = [
      `swap REDIS_URL=${servers.up}`,
      `A_URL=${servers.up}`,
      'detach REDIS_URL',
      'undo',
      'rollback v0',
      'recover',
      'recover --keep',
    ]
    for (const line of [...lines, ...dry.map((each) => `${each} --dry-run`)]) {
      const { exit, stderr } = await attach(line.split(' '), { cwd: place.path })
      expect({ line, exit, stderr }).toMatchObject({ line, exit: 0 })
      expect(treeOf(place.path), line).toEqual(untouched)
    }
    expect(readFileSync(place.env, 'utf8')).toBe(`REDIS_URL=${servers.upToo}\n`)
  })
})
