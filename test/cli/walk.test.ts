import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument, attach, documentIn, programOf, type Ran, type RunOptions } from '../support/cli.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { configOf, give, journalOf, journalPath, reopen, type Scratch, scratch, treeOf, verdictsOf } from '../support/scratch.ts'

const ONE = 'redis://one.test:6379/0'
const TWO = 'redis://two.test:6379/0'
const THREE = 'redis://three.test:6379/0'

/** Runs a line whose words hold no blanks. */
const run = (place: Scratch, line: string, more: Partial<RunOptions> = {}): Promise<Ran> =>
  attach(line === '' ? [] : line.split(' '), { cwd: place.path, ...more })

/** The same without a probe, and it must succeed. */
async function does(place: Scratch, line: string, more: Partial<RunOptions> = {}): Promise<Ran> {
  const ran = await run(place, line, more)
  expect({ line, ...ran }).toMatchObject({ line, exit: 0 })
  return ran
}

/** The command that stands behind `Undo:` or in a hint, run as a shell runs it. */
function asPrinted(place: Scratch, command: string, more = ''): string {
  const program = `attach() { '${process.execPath}' '${programOf('attach')}' "$@"; }\n`
  return execFileSync('/bin/sh', ['-c', `${program}${command}${more}`], {
    cwd: place.path,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: place.path },
  })
}

const undoLine = ({ stdout }: Ran): string => /^Undo: (attach .+)$/m.exec(stdout)?.[1] ?? ''

describe.runIf(havePostgres() && haveRedis())('the verbs, end to end on real servers', { concurrent: true }, () => {
  let db: PostgresServer
  let standby: PostgresServer
  let cache: RedisServer
  let replica: RedisServer
  beforeAll(async () => {
    const starting = startRedis({ password: 'c@che/word' })
    db = await startPostgres()
    await db.sql("CREATE ROLE app LOGIN PASSWORD 'p@ss/w:rd'")
    await db.sql('CREATE DATABASE first OWNER app')
    await db.sql('CREATE DATABASE second OWNER app')
    await db.sql('CREATE DATABASE frozen OWNER app')
    await db.sql('ALTER DATABASE frozen SET default_transaction_read_only = on')
    standby = await db.standby()
    cache = await starting
    replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${cache.port}`, '--masterauth', 'c@che/word'] })
  })
  afterAll(() => Promise.all([standby, db, cache, replica].map((server) => server[Symbol.asyncDispose]())))

  const url = (database = 'first', password = 'p@ss/w:rd'): string => db.url({ user: 'app', password, database })

  test('attach, swap, rollback, undo vN, detach, log', async () => {
    using place = scratch('# the app\r\nPORT=3000\r\n')
    const input = url()
    const attached = await does(place, 'DATABASE_URL=- -m first', { input })
    expect(attached.stdout).toMatch(/^v1: DATABASE_URL → postgresql:\/\/app@127\.0\.0\.1:\d+\/first/m)
    expect(place.read()).toBe(`# the app\r\nPORT=3000\r\nDATABASE_URL=${url()}\r\n`)
    const swapped = await does(place, 'swap DATABASE_URL --name second')
    expect(swapped.stdout).toMatch(/^v2: DATABASE_URL {2}\S+\/first → \S+\/second/m)
    expect(place.read()).toBe(`# the app\r\nPORT=3000\r\nDATABASE_URL=${url('second')}\r\n`)
    await does(place, `CACHE_URL=${cache.url()}`)
    await does(place, 'rollback v1')
    expect(place.read()).toBe(`# the app\r\nPORT=3000\r\nDATABASE_URL=${url()}\r\n`)
    await does(place, 'undo v4')
    expect(place.read()).toBe(`# the app\r\nPORT=3000\r\nDATABASE_URL=${url('second')}\r\nCACHE_URL=${cache.url()}\r\n`)
    await does(place, 'undo v2')
    await does(place, 'detach DATABASE_URL CACHE_URL')
    expect(place.read()).toBe('# the app\r\nPORT=3000\r\n')
    const log = await does(place, 'log')
    expect([...log.stdout.matchAll(/^v(\d+) .* (\w+)$/gm)].map(([, release, verb]) => `${release} ${verb}`)).toEqual([
      '7 detach',
      '6 undo',
      '5 undo',
      '4 rollback',
      '3 attach',
      '2 swap',
      '1 attach',
    ])
    expect(log.stdout).toContain('"first"')
    expect((await does(place, 'log -n 2')).stdout).not.toContain('v5')
    await does(place, 'rollback v0')
    expect(place.read()).toBe('# the app\r\nPORT=3000\r\n')
  })

  test('several pairs are one operation: all of them, or none', async () => {
    using place = scratch('A=1\n')
    await does(place, `DATABASE_URL=${url()} CACHE_URL=${cache.url()}`)
    expect(verdictsOf(place)).toEqual(['committed'])
    expect(await asDocument(['undo'], { cwd: place.path })).toMatchObject({
      document: { release: 2, changes: [{ to: null }, { to: null }] },
    })
    expect(place.read()).toBe('A=1\n')
    const config = configOf(place)
    expect(await run(place, `DATABASE_URL=${url()} CACHE_URL=redis://127.0.0.1:${await freePort()}/0`)).toMatchObject({ exit: 3 })
    expect(await run(place, `DATABASE_URL=${url('nosuch')} CACHE_URL=${cache.url()}`)).toMatchObject({ exit: 3 })
    expect(configOf(place)).toBe(config)
  })

  test('swap replaces parts of the handle that stands there, and keeps every other byte', async () => {
    using place = scratch(`export DATABASE_URL="${url()}?application_name=x&connect_timeout=3"  # main\n`)
    await db.sql("CREATE ROLE other LOGIN PASSWORD 'n/w p@ss%'; GRANT CREATE ON DATABASE second TO other")
    await db.sql('GRANT CREATE ON SCHEMA public TO other', 'second')
    await does(place, 'swap DATABASE_URL --user other --password - --name second', { input: 'n/w p@ss%\n' })
    const expected = db.url({ user: 'other', password: 'n/w p@ss%', database: 'second' })
    expect(place.read()).toBe(`export DATABASE_URL="${expected}?application_name=x&connect_timeout=3"  # main\n`)
    const same = await asDocument(['swap', 'DATABASE_URL', '--host', 'localhost'], { cwd: place.path })
    expect(same.document).toMatchObject({ exit: 3, error: { code: 'REFUSED' } })
    expect(same.document.error?.message).toMatch(/handle\.same_resource/)
    await does(place, 'swap DATABASE_URL --host localhost --allow handle.same_resource')
    expect(journalOf(place).at(-2)).toMatchObject({ allowed: ['handle.same_resource'] })
    expect(place.read()).toContain('@localhost:')
    const dead = await run(place, `swap DATABASE_URL --port ${await freePort()}`)
    expect(dead).toMatchObject({ exit: 3 })
  })

  test('a changed password is told in words, and shows nothing', async () => {
    using place = scratch(`DATABASE_URL=${url()}\n`)
    await db.sql("CREATE ROLE turning LOGIN PASSWORD 'one-word'")
    place.write('.env', `DATABASE_URL=${db.url({ user: 'turning', password: 'old-word', database: 'first' })}\n`)
    const ran = await does(place, 'swap DATABASE_URL --password -', { input: 'one-word' })
    expect(ran.stdout + ran.stderr).toMatch(/same resource.*password changed/)
    expect(ran.stdout + ran.stderr).not.toMatch(/one-word|old-word/)
  })

  test('what must be writable is refused on a standby and on a read-only database, unless it is said otherwise', async () => {
    const follower = standby.url({ user: 'app', password: 'p@ss/w:rd', database: 'first' })
    using place = scratch(`DATABASE_URL=${url()}\n`)
    for (const target of [follower, url('frozen')]) {
      const refused = await asDocument(['swap', `DATABASE_URL=${target}`], { cwd: place.path })
      expect(refused.document).toMatchObject({ exit: 3, error: { code: 'REFUSED' } })
      expect(refused.document.error?.message).toMatch(/pg\.(recovery|read_only) refuses it/)
    }
    expect(await run(place, `swap DATABASE_URL=${follower} --expect writable`)).toMatchObject({ exit: 3 })
    expect(await run(place, `swap DATABASE_URL=${url('second')} --expect replica`)).toMatchObject({ exit: 3 })
    expect(await run(place, `probe ${follower} --expect writable`)).toMatchObject({ exit: 3 })
    expect(await run(place, `probe ${follower} --expect replica`)).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).toEqual([])
    await does(place, `swap DATABASE_URL=${follower} --expect readable`)
    // What takes the place of a replica may be one.
    await does(place, `swap DATABASE_URL=${follower}?application_name=again`)
    expect(await run(place, `swap DATABASE_URL=${url('second')}`)).toMatchObject({ exit: 3 })
    await does(place, `swap DATABASE_URL=${url('second')} --expect writable`)
  })

  test('what is attached where nothing was need only be readable, and its role is shown', async () => {
    using place = scratch('A=1\n')
    const ran = await does(place, `CACHE_URL=${replica.url()}`)
    expect(ran.stderr).toMatch(/replica/)
    const probed = await does(place, 'probe CACHE_URL')
    expect(probed.stdout).toMatch(/replica/)
    expect(await run(place, `OTHER_URL=${replica.url()} --expect writable`)).toMatchObject({ exit: 3 })
  })

  test('rollback and undo probe what they would attach', async () => {
    await using gone = await startRedis()
    using place = scratch(`CACHE_URL=${gone.url()}\n`)
    await does(place, `swap CACHE_URL=${cache.url()}`)
    await gone.stop()
    const untouched = treeOf(place.path)
    for (const verb of ['undo', 'rollback', 'rollback v0', 'undo v1'])
      expect({ verb, ...(await run(place, verb)) }).toMatchObject({ verb, exit: 3 })
    expect(treeOf(place.path)).toEqual(untouched)
    await does(place, 'undo --no-probe')
    expect(journalOf(place).at(-2)).toMatchObject({ verb: 'undo', unprobed: true })
    expect((await does(place, 'log')).stdout).toMatch(/^v2 .*not probed/m)
  })

  test('status contacts nothing; status --probe and probe do', async () => {
    using place = scratch(`DATABASE_URL=${url()}\nCACHE_URL=redis://127.0.0.1:${await freePort()}/0\nNAME=x\n`)
    const plain = await does(place, 'status')
    expect(plain.stdout).toMatch(/^DATABASE_URL +postgres +postgresql:\/\/app@127\.0\.0\.1:\d+\/first +not by attach$/m)
    expect(plain.stdout).not.toMatch(/NAME|✓|✗/)
    const health = await does(place, 'status --probe')
    expect(health.stdout).toMatch(/^DATABASE_URL .*✓ PostgreSQL/m)
    expect(health.stdout).toMatch(/^CACHE_URL .*✗ connect/m)
    expect(await run(place, 'probe')).toMatchObject({ exit: 3 })
    expect(await run(place, 'probe DATABASE_URL')).toMatchObject({ exit: 0 })
    expect(await run(place, 'probe DATABASE_URI')).toMatchObject({ exit: 3 })
  })
})

describe('values', { concurrent: true }, () => {
  test.each([
    ['no line end', 'redis://h/0', []],
    ['LF', 'redis://h/0\n', []],
    ['CRLF', 'redis://h/0\r\n', []],
  ] as const)('from stdin with %s lose that', async (_, input, more) => {
    using place = scratch('A=1\n')
    await does(place, ['A_URL=-', '--no-probe', ...more].join(' '), { input })
    expect(place.read()).toBe('A=1\nA_URL=redis://h/0\n')
  })

  test('from stdin lose one line end only, and with --raw none', async () => {
    using place = scratch('A=1\n')
    await does(place, 'TOKEN=- --kind opaque', { input: 'x\n\n' })
    expect((await asDocument(['status', '--reveal'], { cwd: place.path })).document.attachments?.[0]?.value).toBe('x\n')
    await does(place, 'TOKEN=- --kind opaque --raw -y', { input: 'y\n' })
    expect((await asDocument(['status', '--reveal'], { cwd: place.path })).document.attachments?.[0]?.value).toBe('y\n')
  })

  test('from the environment, from another key, and opaque ones', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await does(place, '--from-env B_URL=SECRET --from-key C_URL=A_URL --no-probe', { env: { SECRET: TWO } })
    expect(place.read()).toBe(`A_URL=${ONE}\nB_URL=${TWO}\nC_URL=${ONE}\n`)
    await does(place, 'swap --from-key A_URL=B_URL --no-probe')
    await does(place, 'TOKEN=abc --kind opaque')
    await does(place, 'EMPTY= --kind opaque')
    await does(place, 'TOKEN=def -y')
    expect(place.read()).toBe(`A_URL=${TWO}\nB_URL=${TWO}\nC_URL=${ONE}\nTOKEN=def\nEMPTY=\n`)
  })

  test('that stand there already are exit 0 without any write', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    const untouched = treeOf(place.path)
    for (const line of [`A_URL=${TWO}`, `swap A_URL=${TWO}`, `A_URL=${TWO} -y -m again`, 'rollback v1', 'detach NO_URL']) {
      expect((await does(place, line)).stdout).toMatch(/unchanged/)
      expect(treeOf(place.path)).toEqual(untouched)
    }
  })

  test('of a password in argv come with one quiet hint', async () => {
    using place = scratch('A=1\n')
    const told = await does(place, 'A_URL=redis://:secret-word@h/0 --no-probe')
    expect(told.stderr.match(/shell history/g)).toHaveLength(1)
    expect((await does(place, 'B_URL=- --no-probe', { input: 'redis://:secret-word@h/0' })).stderr).not.toMatch(/shell history/)
  })

  test('of a key that stands there empty: attach fills it in place, swap is 3, detach removes the line, undo writes the empty text back', async () => {
    using place = scratch('B=2\nA_URL=\nC=3\n')
    expect(await run(place, `swap A_URL=${ONE} --no-probe`)).toMatchObject({ exit: 3 })
    await does(place, `A_URL=${ONE} --no-probe`)
    expect(place.read()).toBe(`B=2\nA_URL=${ONE}\nC=3\n`)
    await does(place, 'undo')
    expect(place.read()).toBe('B=2\nA_URL=\nC=3\n')
    await does(place, 'detach A_URL')
    expect(place.read()).toBe('B=2\nC=3\n')
    await does(place, 'undo v3')
    expect(place.read()).toMatch(/^A_URL=$/m)
  })

  test('of a detach of an absent key name the nearest one', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const ran = await does(place, 'detach REDIS_URI')
    expect(ran.stdout + ran.stderr).toContain('REDIS_URL')
    expect((await attach(['REDIS_URI'], { cwd: place.path, binary: 'detach' })).exit).toBe(0)
    expect(await attach(['REDIS_URL'], { cwd: place.path, binary: 'detach' })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('')
  })
})

describe('going back', { concurrent: true }, () => {
  const three = async (): Promise<Scratch> => {
    const place = scratch(`A_URL=${ONE}\nB=1\n`)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    await does(place, `swap A_URL=${THREE} --no-probe`)
    return place
  }

  test('in a fresh checkout, the first release can be undone', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    await does(place, 'undo v1 --no-probe')
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
    using other = scratch(`A_URL=${ONE}\n`)
    await does(other, 'detach A_URL')
    await does(other, 'rollback --no-probe')
    expect(other.read()).toBe(`A_URL=${ONE}\n`)
  })

  test('bare twice is refused with explicit commands that run as they stand', async () => {
    for (const verb of ['undo', 'rollback']) {
      using place = await three()
      await does(place, `${verb} --no-probe`)
      const refused = await run(place, verb)
      expect(refused).toMatchObject({ exit: 3 })
      const offered = refused.stderr.match(/attach (?:undo|rollback) v\d+/g) ?? []
      expect(offered).toHaveLength(2)
      for (const command of offered) expect(asPrinted(place, command, ' --no-probe --dry-run')).toMatch(/would change|unchanged/)
    }
  })

  test('rollback vN is repeatable, v0 is what each key held before its first release', async () => {
    using place = await three()
    await does(place, `C_URL=${ONE} --no-probe`)
    await does(place, 'rollback v0 --no-probe')
    expect(place.read()).toBe(`A_URL=${ONE}\nB=1\n`)
    expect((await does(place, 'rollback v0 --no-probe')).stdout).toMatch(/unchanged/)
    await does(place, 'rollback v3 --no-probe')
    expect(place.read()).toBe(`A_URL=${THREE}\nB=1\nC_URL=${ONE}\n`)
  })

  test('undo vN leaves later changes of other keys, and edits of others made outside', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    await does(place, `B_URL=${ONE} --no-probe`)
    place.write('.env', `${place.read()}HAND=made\n`)
    await does(place, 'undo v1 --no-probe')
    expect(place.read()).toBe(`A_URL=${ONE}\nB_URL=${ONE}\nHAND=made\n`)
  })

  test('the undo line runs as it stands, whatever the config is called', async () => {
    using place = scratch()
    place.write("it's/.env.my app", `A_URL=${ONE}\n`)
    mkdirSync(place.at('sub'))
    const lines = [
      ['-c', "it's/.env.my app"],
      ['-C', "it's", '-c', '.env.my app'],
      ['-C', 'sub', '-c', "../it's/.env.my app"],
    ]
    for (const where of lines) {
      const ran = await attach(['swap', `A_URL=${TWO}`, '--no-probe', ...where], { cwd: place.path })
      expect(ran).toMatchObject({ exit: 0 })
      expect(asPrinted(place, undoLine(ran), ' --no-probe')).toMatch(/^v\d+: /m)
      expect(place.read("it's/.env.my app")).toBe(`A_URL=${ONE}\n`)
    }
  })

  test('an edit made outside is shown in status and log, is exit 4, and --allow goes on over it with its value kept', async () => {
    using place = await three()
    place.write('.env', 'A_URL=redis://by-hand.test/0\nB=1\n')
    expect((await does(place, 'status')).stdout).toMatch(/^A_URL .*edited outside since v2/m)
    expect((await does(place, 'log')).stdout).toMatch(/edited outside/)
    const refused = await run(place, 'undo --no-probe')
    expect(refused).toMatchObject({ exit: 4 })
    expect(refused.stderr).toMatch(/attach rollback/)
    await does(place, 'undo --no-probe --allow config.edited')
    expect(place.read()).toBe(`A_URL=${TWO}\nB=1\n`)
    expect(journalOf(place).at(-2)).toMatchObject({ allowed: ['config.edited'], edited: ['A_URL'] })
    expect((await does(place, 'log')).stdout).toMatch(/allowed config\.edited/)
    await does(place, 'undo v3 --no-probe')
    expect(place.read()).toBe('A_URL=redis://by-hand.test/0\nB=1\n')
  })

  test('a damaged journal stops writing until recover sets it aside, and reading goes on', async () => {
    using place = await three()
    const lines = place.read('.attach/.env/journal').split('\n')
    place.write('.attach/.env/journal', lines.map((line, at) => (at === 1 ? line.replace('committed', 'cOmmitted') : line)).join('\n'))
    expect((await does(place, 'log')).stdout).toMatch(/^v2 /m)
    expect((await does(place, 'status')).stdout).toMatch(/^A_URL /m)
    place.write('.attach/.env/journal', lines.map((line, at) => (at === 3 ? line.replace('committed', 'cOmmitted') : line)).join('\n'))
    expect(await run(place, 'detach A_URL')).toMatchObject({ exit: 6 })
    await does(place, 'recover')
    expect(readdirSync(place.at('.attach/.env')).some((name) => name.startsWith('journal.') || name.startsWith('journal-'))).toBe(true)
    await does(place, 'detach A_URL')
    expect(place.read()).toBe('B=1\n')
  })

  test('a torn tail is nobody’s: everything goes on', async () => {
    using place = await three()
    const whole = place.read('.attach/.env/journal')
    place.write('.attach/.env/journal', `${whole}{"v":1,"prev":"torn`)
    expect((await does(place, 'log')).stdout).toMatch(/^v2 /m)
    await does(place, 'undo --no-probe')
    expect(place.read('.attach/.env/journal').startsWith(whole)).toBe(true)
  })

  test('a journal cut anywhere is read as far as it goes', async () => {
    using place = await three()
    const whole = place.read('.attach/.env/journal')
    await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        using other = scratch(place.read())
        mkdirSync(other.at('.attach/.env/values'), { recursive: true })
        other.write('.attach/.env/journal', whole.slice(0, Math.floor((whole.length * at) / 8)))
        const { exit, document } = await asDocument(['log'], { cwd: other.path })
        expect({ at, exit, warnings: document.warnings }).toEqual({ at, exit: 0, warnings: [] })
      }),
    )
  })
})

describe('which config', { concurrent: true }, () => {
  test('-c, -d and -C choose it; the journal of each stands beside its own file', async () => {
    using place = scratch('A=1\n')
    place.write('.env.staging', '')
    place.write('deep/.env', '')
    place.write('deep/app.conf', '')
    await does(place, `A_URL=${ONE} --no-probe -d staging`)
    await does(place, `A_URL=${ONE} --no-probe -C deep`)
    await does(place, `A_URL=${ONE} --no-probe -c deep/app.conf`)
    await does(place, `B_URL=${ONE} --no-probe -C deep -c app.conf`)
    expect(place.read()).toBe('A=1\n')
    expect(place.read('.env.staging')).toBe(`A_URL=${ONE}\n`)
    expect(place.read('deep/.env')).toBe(`A_URL=${ONE}\n`)
    expect(place.read('deep/app.conf')).toBe(`A_URL=${ONE}\nB_URL=${ONE}\n`)
    expect(readdirSync(place.at('.attach')).sort()).toEqual(['.env.staging', '.gitignore'])
    expect(readdirSync(place.at('deep/.attach')).sort()).toEqual(['.env', '.gitignore', 'app.conf'])
    expect(await run(place, 'status -d stagin')).toMatchObject({ exit: 2, stderr: expect.stringContaining('.env.staging') })
  })

  test('hints lead to the deploy that was asked for', async () => {
    using place = scratch('A=1\n')
    place.write('.env.production', `A_URL=${ONE}\n`)
    const lines = [
      'undo',
      'rollback',
      `A_URL=${TWO} --no-probe`,
      `swap B_URL=${TWO} --no-probe`,
      'swap B_URL --host h --no-probe',
      'probe B_URL',
    ]
    const hints: string[] = []
    for (const line of lines) hints.push(/hint: (.*)/.exec((await run(place, `${line} -d production`)).stderr)?.[1] ?? '')
    await does(place, `swap A_URL=${TWO} --no-probe -d production`)
    place.write('.env.production', `A_URL=${THREE}\n`)
    for (const line of ['undo', 'rollback']) hints.push(/hint: (.*)/.exec((await run(place, `${line} -d production`)).stderr)?.[1] ?? '')
    expect(hints.filter((hint) => /attach [a-zA-Z]/.test(hint) && !hint.includes('-d production'))).toEqual([])
    expect(hints.filter((hint) => hint === '')).toEqual([])
  })

  test('a plain .env is made where none can be meant instead, 0600, and it is said; anything else wants --create', async () => {
    using fresh = scratch()
    const ran = await does(fresh, `A_URL=${ONE} --no-probe`)
    expect(ran.stderr).toMatch(/created.*0600/)
    expect(lstatSync(fresh.env).mode & 0o777).toBe(0o600)
    await does(fresh, 'undo')
    expect(fresh.read()).toBe('')
    using template = scratch()
    template.write('.env.example', 'A=\n')
    await does(template, `A_URL=${ONE} --no-probe`)
    using other = scratch()
    other.write('.env.production', 'A=1\n')
    const refused = await run(other, `A_URL=${ONE} --no-probe`)
    expect(refused).toMatchObject({ exit: 2, stderr: expect.stringContaining('.env.production') })
    await does(other, `A_URL=${ONE} --no-probe --create`)
    using checkout = scratch('A=1\n')
    mkdirSync(checkout.at('.git'))
    mkdirSync(checkout.at('packages/app'), { recursive: true })
    expect(await run(checkout, `A_URL=${ONE} --no-probe -C packages/app`)).toMatchObject({ exit: 2 })
    await does(checkout, `A_URL=${ONE} --no-probe -C packages/app --create`)
    using outside = scratch('A=1\n')
    mkdirSync(outside.at('app'))
    await does(outside, `A_URL=${ONE} --no-probe -C app`)
    for (const where of ['-d review', '-c conf/app.env', '-c x.env']) {
      expect({ where, ...(await run(outside, `A_URL=${ONE} --no-probe ${where}`)) }).toMatchObject({ where, exit: 2 })
    }
    await does(outside, `A_URL=${ONE} --no-probe -d review --create`)
  })

  test('a link stays a link, its target changes, and the history stands beside the target', async () => {
    using place = scratch()
    place.write('shared/app.env', `A_URL=${ONE}\n`)
    chmodSync(place.at('shared/app.env'), 0o640)
    symlinkSync('shared/app.env', place.env)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    expect(readlinkSync(place.env)).toBe('shared/app.env')
    expect(place.read('shared/app.env')).toBe(`A_URL=${TWO}\n`)
    expect(lstatSync(place.at('shared/app.env')).mode & 0o777).toBe(0o640)
    expect(readdirSync(place.at('shared/.attach'))).toContain('app.env')
    await does(place, 'undo --no-probe -c shared/app.env')
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test.runIf(process.getuid?.() === 0)('owner, group and mode stay, and the history belongs to whoever may write the config', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    chmodSync(place.env, 0o660)
    give(place.path, 65_534)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    const { uid, gid, mode } = lstatSync(place.env)
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 65_534, gid: 65_534, mode: 0o660 })
    expect(lstatSync(journalPath(place))).toMatchObject({ uid: 65_534, gid: 65_534 })
    expect(await attach(['undo', '--no-probe'], { cwd: place.path, uid: 65_534 })).toMatchObject({ exit: 0 })
  })

  test('ATTACH_STATE_DIR holds the history where the folder of the config may not', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const env = { ATTACH_STATE_DIR: place.at('state') }
    await does(place, `swap A_URL=${TWO} --no-probe`, { env })
    expect(readdirSync(place.path)).not.toContain('.attach')
    expect(readdirSync(place.at('state')).length).toBeGreaterThan(0)
    await does(place, 'undo --no-probe', { env })
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
    expect((await does(place, 'log', { env })).stdout).toMatch(/^v2 /m)
    expect((await does(place, 'log')).stdout).toMatch(/no release/)
  })
})

describe('what is recorded', { concurrent: true }, () => {
  test('who: the person behind sudo; why: -m; and that nothing was probed', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await attach(['swap', `A_URL=${TWO}`, '--no-probe', '-m', 'moved to RDS'], { cwd: place.path, env: { SUDO_USER: 'grace' } })
    expect(journalOf(place)[0]).toMatchObject({ by: { user: 'grace' }, message: 'moved to RDS', unprobed: true })
    const { stdout } = await does(place, 'log')
    for (const said of ['grace@', '"moved to RDS"', 'not probed']) expect(stdout).toContain(said)
  })

  test.runIf(process.getuid?.() === 0)('who: a user that has no name is told by number', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    give(place.path, 54_321)
    expect(await attach(['swap', `A_URL=${TWO}`, '--no-probe'], { cwd: place.path, uid: 54_321 })).toMatchObject({ exit: 0 })
    expect(journalOf(place)[0]?.by.user).toMatch(/54321/)
  })

  test('--confirm must name the deploy, and counts as -y', async () => {
    using place = scratch('A=1\n')
    place.write('.env.production', `A_URL=${ONE}\n`)
    expect(await run(place, `A_URL=${TWO} --no-probe -d production --confirm staging`)).toMatchObject({ exit: 3 })
    await does(place, `A_URL=${TWO} --no-probe -d production --confirm production`)
    expect(place.read('.env.production')).toBe(`A_URL=${TWO}\n`)
  })

  test('a hidden config is told: .env.local, and a variable of the shell', async () => {
    using place = scratch('A=1\n')
    place.write('.env.local', 'A_URL=x\n')
    expect((await does(place, `A_URL=${ONE} --no-probe`)).stderr).toMatch(/\.env\.local also sets A_URL/)
    expect((await does(place, `B_URL=${ONE} --no-probe`, { env: { B_URL: 'x' } })).stderr).toMatch(/B_URL is also set/)
  })

  test('the history is said once to be kept, and git ignores it', async () => {
    using place = scratch('A=1\n')
    expect((await does(place, `A_URL=${ONE} --no-probe`)).stderr).toMatch(/\.attach\//)
    expect((await does(place, `B_URL=${ONE} --no-probe`)).stderr).not.toMatch(/\.attach\//)
    expect(place.read('.attach/.gitignore')).toBe('*\n')
  })

  test('an operation left open by a dead process is closed by the next one, said in one line', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    await does(place, `swap A_URL=${TWO} --no-probe`)
    reopen(place, `A_URL=${TWO}\n`)
    const next = await does(place, `B_URL=${ONE} --no-probe`)
    expect(next.stderr.match(/left open/g)).toHaveLength(1)
    expect(verdictsOf(place)).toEqual(['committed', 'committed'])
    expect((await does(place, 'log')).stdout).toMatch(/^v2 [\s\S]*^v1 /m)
  })

  test('of the values, those of the last ten releases are kept', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    for (let at = 1; at <= 12; at += 1) await does(place, `swap A_URL=redis://h${at}.test/0 --no-probe`)
    expect(readdirSync(place.at('.attach/.env/values'))).toHaveLength(10)
    const refused = await run(place, 'undo v2 --no-probe')
    expect(refused).toMatchObject({ exit: 3, stderr: expect.stringContaining('no longer kept') })
    await does(place, 'rollback v2 --no-probe')
    expect(place.read()).toBe('A_URL=redis://h2.test/0\n')
  })
})

describe('what was found by hand', () => {
  test.concurrent('a value that no kind reads can be gone back to', async () => {
    using place = scratch('A_URL=nosuch://u:p@db/x\nTOKEN=abc\n')
    const how = { cwd: place.path }
    expect(await attach(['swap', 'A_URL=redis://a.test/0', 'TOKEN=redis://b.test/0', '--no-probe'], how)).toMatchObject({ exit: 0 })
    expect(await attach(['undo', 'v1'], how)).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('A_URL=nosuch://u:p@db/x\nTOKEN=abc\n')
  })

  test.concurrent('a pipe beside the config holds nothing up', async () => {
    using place = scratch('A_URL=redis://a.test/0\n')
    execFileSync('mkfifo', [join(place.path, '.env.local')])
    expect(await attach(['swap', 'A_URL=redis://b.test/0', '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
  })

  test.concurrent('a broken attach.yaml is not passed over, neither by -c nor by recover: its deploys may be protected', async () => {
    using place = scratch('A_URL=redis://a.test/0\n')
    place.write('attach.yaml', 'deploys: { production: { protected: true } }\n')
    for (const line of [
      'swap A_URL=redis://b.test/0 --no-probe',
      'swap A_URL=redis://b.test/0 --no-probe -c .env',
      'recover',
      'status',
      'log',
      'probe',
    ]) {
      const ran = await attach(line.split(' '), { cwd: place.path })
      expect({ line, ...ran }).toMatchObject({
        line,
        exit: 2,
        stderr: expect.stringContaining('attach.yaml:1:12: deploys.production.config is missing'),
      })
    }
    expect(place.read()).toBe('A_URL=redis://a.test/0\n')
  })

  test.concurrent('a key that was removed by hand is the worst drift, and status shows it', async () => {
    using place = scratch('')
    const how = { cwd: place.path }
    await attach(['A_URL=redis://a.test/0', '--no-probe'], how)
    place.write('.env', '')
    expect((await attach(['status'], how)).stdout).toMatch(/A_URL\s+none\s+absent\s+edited outside since v1/)
  })

  test.concurrent('a token in the place of a user is not shown', async () => {
    using place = scratch('A_URL=redis://S3cretT0ken@cache/0\n')
    expect((await attach(['status'], { cwd: place.path })).stdout).not.toContain('S3cretT0ken')
  })

  test.concurrent('a password that is one of our own words does not break the document', async () => {
    using place = scratch('')
    const { stdout } = await attach(['A_URL=postgres://app:changes@db.invalid/app', '--json'], { cwd: place.path })
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'attach/1', changes: [], outcome: 'refused' })
  })
})

describe('what is told before it is done', () => {
  const notes = async (text: string, line: string): Promise<readonly string[]> => {
    using place = scratch(text)
    const { stdout } = await run(place, `${line} --json`)
    return documentIn(stdout).warnings.map(({ code }) => code)
  }

  test.concurrent('that undo will not give the text back as it stands', async () => {
    expect(await notes('export A_URL="redis://a/0" # c\nB=1\n', 'detach A_URL')).toContain('env.undo_differs')
    expect(await notes('A_URL=redis://a/0\nA_URL=redis://b/0\n', 'swap A_URL=redis://c/0 --no-probe')).toContain('env.undo_differs')
    expect(await notes('A_URL=redis://a/0\n', 'swap A_URL=redis://c/0 --no-probe')).not.toContain('env.undo_differs')
    expect(await notes('B=1\nA_URL=redis://a/0\n', 'detach A_URL')).not.toContain('env.undo_differs')
  })

  test.concurrent('that another sort of service takes the place', async () => {
    expect(await notes('A_URL=postgres://u@a/x\n', 'swap A_URL=redis://c/0 --no-probe')).toContain('handle.kind_changed')
  })

  test.concurrent('where the history is, when it is elsewhere', async () => {
    using place = scratch('A_URL=redis://a/0\n')
    const relative = await run(place, 'swap A_URL=redis://b/0 --no-probe', { env: { ATTACH_STATE_DIR: 'state' } })
    expect(relative).toMatchObject({ exit: 2 })
    const ran = await run(place, 'swap A_URL=redis://b/0 --no-probe', { env: { ATTACH_STATE_DIR: join(place.path, 'state') } })
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stderr).toContain('ATTACH_STATE_DIR')
  })
})
