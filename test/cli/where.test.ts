import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asDocument, attach, type RunOptions } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { isRoot, NOBODY } from '../support/files.ts'
import { run } from '../support/processes.ts'
import { give, type Scratch, scratch, treeOf } from '../support/scratch.ts'

const PROJECT = `deploys:
  production: { config: .env.production }
  staging: { config: .env.staging }
  review: { config: conf/review.env }
resources: { SESSIONS: { kind: redis } }
`

/** A project of three deploys. */
function project(configs: Readonly<Record<string, string>> = {}): Scratch {
  const place = scratch()
  place.write('attach.yaml', PROJECT)
  const usual = {
    '.env.production': 'DATABASE_URL=postgres://app:S3cret@db1.internal/shop\nCACHE_URL=redis://:S3cret@cache:6379/0\n',
    '.env.staging': 'DATABASE_URL=postgresql://stage:S3cret@DB1.internal:5432/shop?sslmode=require\nPORT=3000\nTOKEN=S3cretToken\n',
    'conf/review.env': 'DATABASE_URL=postgres://review:S3cret@db1.internal/review\n',
  }
  for (const [name, text] of Object.entries({ ...usual, ...configs })) place.write(name, text)
  return place
}

/** Deploy and key of each row. */
async function found(what: readonly string[], how: RunOptions): Promise<readonly string[]> {
  const { document } = await asDocument(['where', ...what], how)
  expect(documentSchema.safeParse(document).error?.issues ?? []).toEqual([])
  expect(document).toMatchObject({ verb: 'where', exit: 0, outcome: 'unchanged', deploy: null })
  return (document.attachments ?? []).map(({ deploy, key }) => `${deploy} ${key}`)
}

describe('attach where', { concurrent: true }, () => {
  test('a handle finds the keys that lead to the same kind, host, port and name, whoever logs in and however they are written', async () => {
    using place = project()
    const how = { cwd: place.path }
    const both = ['production DATABASE_URL', 'staging DATABASE_URL']
    for (const handle of [
      'postgres://db1.internal:5432/shop',
      'postgres://x:pw@Db1.Internal./shop?sslmode=disable',
      'postgres://other/x?host=db1.internal&dbname=shop',
    ])
      expect(await found([handle], how)).toEqual(both)
    expect(await found(['-'], { ...how, input: 'postgres://u:S3cret@db1.internal/shop\n' })).toEqual(both)
    expect(await found(['postgres://db1.internal/review'], how)).toEqual(['review DATABASE_URL'])
    expect(await found(['redis://cache/0'], how)).toEqual(['production CACHE_URL'])
    expect(await found(['redis://cache/1'], how)).toEqual([])
  })

  test('a host finds all that is on it, of any kind; a port, one of them', async () => {
    using place = project({
      'conf/review.env':
        'A=redis://db1.internal/3\nB=nosuch://u:S3cret@db1.internal/x\nC=postgres://u:S3cret@db0,db1.internal/x\nD=redis://h/0?db1.internal\n',
    })
    const how = { cwd: place.path }
    const own = ['production DATABASE_URL', 'staging DATABASE_URL']
    expect(await found(['DB1.internal'], how)).toEqual([...own, 'review A', 'review B', 'review C'])
    expect(await found(['db1.internal:6379'], how)).toEqual(['review A', 'review B'])
    expect(await found(['db0'], how)).toEqual(['review C'])
  })

  test('a list of PostgreSQL is found by each of its hosts, wherever it names them, and shown whole', async () => {
    using place = project({
      'conf/review.env':
        'A=postgres://u:S3cret@h1,h2:5433,[::1]:3/x?target_session_attrs=read-write\nB=postgres://u:S3cret@/x?host=h8,h2&port=7,5433\nC=postgres://u:S3cret@h3/x\n',
    })
    const how = { cwd: place.path }
    for (const sought of ['h2', 'h2:5433', 'postgres://v@h2:5433/x', 'postgres://h9,h2:5433/x'])
      expect(await found([sought], how), sought).toEqual(['review A', 'review B'])
    for (const sought of ['h1', '::1', 'postgres://h1/x']) expect(await found([sought], how), sought).toEqual(['review A'])
    expect(await found(['h8:7'], how)).toEqual(['review B'])
    expect(await found(['postgres://h2:5433/y'], how), 'another name').toEqual([])
    expect(await found(['h2:5432'], how), 'another port').toEqual([])
    const { document } = await asDocument(['where', 'h2'], how)
    expect(document.attachments).toMatchObject([
      { target: 'postgres://u@h1:5432,h2:5433,[::1]:3/x' },
      { target: 'postgres://u@h8:7,h2:5433/x' },
    ])
  })

  test('a list of servers is found by each of them, and shown whole', async () => {
    using place = project({ 'conf/review.env': 'A=memcached://u:S3cret@c1,c2:11212,[::1]:3\nB=memcached://c3\n' })
    const how = { cwd: place.path }
    for (const sought of ['c1', 'c2', 'c2:11212', '::1', 'memcached://c2:11212', 'memcached://c9,c1'])
      expect(await found([sought], how)).toEqual(['review A'])
    expect(await found(['c2:11211'], how)).toEqual([])
    const { document } = await asDocument(['where', 'c2'], how)
    expect(document.attachments).toMatchObject([{ target: 'memcached://u@c1:11211,c2:11212,[::1]:3' }])
  })

  test('a handle that attach cannot read may lead there: it is named, and never said to lead elsewhere', async () => {
    using place = project({
      'conf/review.env': 'A=postgres://u:S3cret@db0,db9/x?sslmode=on\nB=postgres://u:S3cret@db8:1,db9:2/x?sslmode=on\n',
    })
    const how = { cwd: place.path }
    const { document } = await asDocument(['where', 'postgres://db9/x'], how)
    expect(document).toMatchObject({
      exit: 0,
      attachments: [],
      warnings: [{ code: 'key.unclear', message: 'review: A may lead there: its handle cannot be read, its host and port are those' }],
    })
    expect(await attach(['where', 'postgres://db9/x'], how)).toMatchObject({
      exit: 0,
      stdout: 'no key is known to lead there in 3 configs; 1 key may lead there\n',
    })
    expect(await attach(['where', 'postgres://db9:5433/x'], how)).toMatchObject({ stdout: 'nothing leads there in 3 configs\n' })
  })

  test("JDBC's way to write a handle is found by its host, and may be what is asked for", async () => {
    const jdbc = ['A=jdbc:postgresql://db9/x?user=u&password=S3cret', 'B=JDBC:mysql://u:S3cret@db9:3306,db8/x', 'C=jdbc:h2:mem:db9']
    using place = project({ 'conf/review.env': `${jdbc.join('\n')}\n` })
    const how = { cwd: place.path }
    expect(await found(['db9'], how)).toEqual(['review A', 'review B'])
    expect(await found(['db9:5432'], how)).toEqual(['review A'])
    expect(await found(['db8'], how)).toEqual(['review B'])
    expect((await asDocument(['where', 'postgres://db9/x'], how)).document).toMatchObject({
      attachments: [],
      warnings: [{ code: 'key.unclear', message: expect.stringContaining('review: A may lead there') }],
    })
  })

  test('hosts in the parameters of a handle that attach cannot read count too', async () => {
    const lines = [
      'A=postgres:///x?host=db9,db8&port=5432,5433&sslmode=on',
      'B=postgres://u:S3cret@db7/x?host=db9,db6&port=1&sslmode=on',
      'C=redis://h/0?host=db9,db6',
    ]
    using place = project({ 'conf/review.env': `${lines.join('\n')}\n` })
    const how = { cwd: place.path }
    expect(await found(['db9'], how)).toEqual(['review A', 'review B'])
    expect(await found(['db9:1'], how)).toEqual(['review B'])
    expect(await found(['db8:5433'], how)).toEqual(['review A'])
    expect(await found(['db7:5432'], how)).toEqual(['review B'])
  })

  test('prints deploy, key, kind and redacted target', async () => {
    using place = project()
    const ran = await attach(['where', 'db1.internal'], { cwd: place.path })
    expect(ran).toEqual({
      exit: 0,
      stderr: '',
      stdout:
        'production  DATABASE_URL  postgres  postgres://app@db1.internal:5432/shop\n' +
        'staging     DATABASE_URL  postgres  postgresql://stage@db1.internal:5432/shop\n' +
        'review      DATABASE_URL  postgres  postgres://review@db1.internal:5432/review\n',
    })
    const { document } = await asDocument(['where', 'redis://cache'], { cwd: place.path })
    const row = { deploy: 'production', key: 'CACHE_URL', kind: 'redis', provider: null, target: 'redis://cache:6379/0', user: null }
    expect(document.attachments).toEqual([{ ...row, release: null, edited: null }])
  })

  test('nothing found is exit 0, and says where it looked and what is near', async () => {
    using place = project()
    const how = { cwd: place.path }
    expect(await attach(['where', 'db9'], how)).toEqual({ exit: 0, stderr: '', stdout: 'nothing leads there in 3 configs\n' })
    expect(await attach(['where', 'postgres://db1.internal/shopp'], how)).toMatchObject({
      exit: 0,
      stdout: 'nothing leads there in 3 configs; 3 keys lead to something else on that server: attach where HOST:PORT\n',
    })
  })

  test('sentinels are found by any one of them, and by what they watch; nothing is said of a password', async () => {
    using place = scratch()
    place.write(
      '.env',
      'A=redis-sentinel://:S3cret@h1,h2:26379/m/0?sentinel_password=S3cret\nB=redis-sentinel://h3:26379,h2/0?sentinelMasterId=m\nC=redis-sentinel://h2/other\nD=redis://:S3cret@h2/0\n',
    )
    const how = { cwd: place.path }
    const keys = async (what: string) => (await found([what], how)).map((row) => row.replace('.env ', '')).join('')
    expect(await keys('h2')).toBe('ABCD')
    expect(await keys('h2:26379')).toBe('ABC')
    expect(await keys('redis-sentinel://h2/m')).toBe('AB')
    expect(await keys('redis+sentinel://h1/m/0')).toBe('A')
    expect(await keys('redis-sentinel://h2/m/1')).toBe('')
    const { stdout } = await attach(['where', 'h1'], how)
    expect(stdout).toContain('redis-sentinel://h1:26379,h2:26379/m/0')
    expect(stdout).not.toContain('S3cret')
  })

  test('the names of this machine are one; a socket is found by its path, its folder, and among all of this machine', async () => {
    using place = scratch()
    place.write(
      '.env',
      [
        'A=redis://127.0.0.1/0',
        'B=redis://[::1]:6379/0',
        'C=unix:///run/redis.sock?db=2',
        'D=postgres://u@%2Fvar%2Frun%2Fpostgresql/x',
        'E=redis://[2001:db8::1]/0',
        '',
      ].join('\n'),
    )
    const how = { cwd: place.path }
    const keys = async (what: string) => (await found([what], how)).map((row) => row.replace('.env ', '')).join('')
    for (const name of ['localhost', 'LOCALHOST.', '::1', '[0:0:0:0:0:0:0:1]', '127.0.0.1']) expect(await keys(name), name).toBe('ABCD')
    expect(await keys('localhost:6379')).toBe('AB')
    expect(await keys('redis://localhost')).toBe('AB')
    expect(await keys('/run/redis.sock')).toBe('C')
    expect(await keys('redis+unix:///run/redis.sock?db=2')).toBe('C')
    expect(await keys('unix:///run/redis.sock')).toBe('')
    expect(await keys('/var/run/postgresql')).toBe('D')
    expect(await keys('/var/run/postgresql/.s.PGSQL.5432')).toBe('D')
    expect(await keys('[2001:DB8:0::1]:6379')).toBe('E')
  })

  test('without attach.yaml the .env files of the directory, templates aside, each file once', async () => {
    using place = scratch('A=redis://h/0\n')
    for (const name of ['.env.staging', '.env.example', 'other.env']) place.write(name, 'A=redis://h/0\n')
    symlinkSync('.env', place.at('.env.linked'))
    expect(await found(['h'], { cwd: place.path })).toEqual(['.env A', '.env.staging A'])
    expect(await found(['h', '-C', place.path], { cwd: '/' })).toHaveLength(2)
  })

  test('-c adds what patterns lead to, also a path that has their signs in it; a config of attach.yaml stays that deploy', async () => {
    using place = project()
    for (const name of ['deploys/a/.env', 'deploys/b/.env', 'deploys/.hidden/.env', 'real/.env', 'x[1]/.env'])
      place.write(name, 'A=redis://h/0\n')
    symlinkSync('../real', place.at('deploys/c'))
    const how = { cwd: place.path }
    expect(await found(['h', '-c', 'deploys/*/.env'], how)).toEqual(['deploys/a/.env A', 'deploys/b/.env A', 'deploys/c/.env A'])
    expect(await found(['h', '-c', 'deploys/{a,b}/.env', '-c', 'deploys/b/.e*', '--config=x[1]/.env'], how)).toEqual([
      'deploys/a/.env A',
      'deploys/b/.env A',
      'x[1]/.env A',
    ])
    expect(await found(['h', '-c', place.at('deploys', '?', '.env')], how)).toHaveLength(3)
    expect(await found(['db1.internal', '-c', './.env.s*', '-c', '.env.production'], how)).toEqual(await found(['db1.internal'], how))
  })

  test('a pattern that matches nothing is said; when nothing is left to look into, it is exit 2', async () => {
    using place = project()
    const ran = await asDocument(['where', 'db9', '-c', 'deplyos/*/.env', '-c', 'no.env', '-c', 'https://u:S3cret@h/*'], {
      cwd: place.path,
    })
    expect(ran.document).toMatchObject({
      exit: 0,
      warnings: [
        { code: 'config.unmatched', message: 'deplyos/*/.env matches nothing' },
        { code: 'config.unmatched', message: 'no.env does not exist' },
        { code: 'config.unmatched', message: 'a pattern of -c matches nothing' },
      ],
    })
    expect(ran.stdout).not.toContain('S3cret')
    using empty = scratch()
    for (const line of [
      ['where', 'h'],
      ['where', 'h', '-c', 'x/*'],
    ]) {
      expect((await asDocument(line, { cwd: empty.path })).document).toMatchObject({
        exit: 2,
        outcome: 'unchanged',
        error: { code: 'USAGE' },
      })
    }
    expect(await attach(['where', 'h', '-c', `${'x'.repeat(70_000)}*`], { cwd: place.path })).toMatchObject({ exit: 2 })
  })

  test('what cannot be read is named, and the rest is looked into; when nothing could be, it is exit 6', async () => {
    using place = project({ '.env.production': 'x'.repeat(17 * 1024 * 1024) })
    place.write('deploys/b/.env/keep', '')
    place.write('deploys/d/.env', 'A=redis://h/0\n')
    symlinkSync('loop', place.at('loop'))
    symlinkSync('.', place.at('deploys/self'))
    await run('mkfifo', [place.at('deploys', 'pipe.env')])
    const how = { cwd: place.path }
    const before = treeOf(place.path)
    const { document } = await asDocument(
      ['where', 'h', '-c', 'deploys/**/.env', '-c', 'loop', '-c', 'deploys/pipe.env', '-c', '/dev/zero'],
      how,
    )
    expect(document).toMatchObject({ exit: 0, attachments: [{ deploy: 'deploys/d/.env', key: 'A' }] })
    expect(document.warnings.every(({ code }) => code === 'config.unreadable')).toBe(true)
    const said = document.warnings.map(({ message }) => message).join('\n')
    for (const part of [
      /production: \.env\.production has \d+ bytes/,
      /deploys\/b\/\.env is not a regular file/,
      /loop cannot be read: ELOOP/,
      /pipe\.env is not/,
      /zero is not/,
    ])
      expect(said).toMatch(part)
    expect(treeOf(place.path)).toEqual(before)
    place.write('.env.staging', 'x'.repeat(17 * 1024 * 1024))
    place.write('conf/review.env', 'x'.repeat(17 * 1024 * 1024))
    expect((await asDocument(['where', 'h'], how)).document).toMatchObject({
      exit: 6,
      outcome: 'unchanged',
      error: { code: 'UNAVAILABLE' },
    })
  })

  test('a deploy whose config is not on this machine is said; when all are, it is exit 2', async () => {
    using place = scratch()
    place.write('attach.yaml', PROJECT)
    const how = { cwd: place.path }
    expect(await attach(['where', 'h'], how)).toMatchObject({ exit: 2, stderr: expect.stringContaining('none of the 3 configs') })
    place.write('.env.staging', 'A=redis://h/0\n')
    const { document } = await asDocument(['where', 'h'], how)
    expect(document).toMatchObject({ exit: 0, attachments: [{ deploy: 'staging' }] })
    expect(document.warnings.map(({ code }) => code)).toEqual(['config.absent', 'config.absent'])
  })

  test.runIf(isRoot)('a folder and a config of somebody else are named, and not missed in silence', async () => {
    using place = scratch('A=redis://h/0\n')
    for (const name of ['deploys/open/.env', 'deploys/closed/.env']) place.write(name, 'A=redis://h/0\n')
    place.write('.env.secret', 'A=redis://h/0\n')
    give(place.path, NOBODY)
    await run('chown', ['0:0', place.at('deploys/closed'), place.at('.env.secret')])
    chmodSync(place.at('deploys/closed'), 0o700)
    chmodSync(place.at('.env.secret'), 0o600)
    const how = { cwd: place.path, uid: NOBODY }
    const { document } = await asDocument(['where', 'h', '-c', 'deploys/*/.env'], how)
    expect(document).toMatchObject({ exit: 0, attachments: [{ deploy: '.env' }, { deploy: 'deploys/open/.env' }] })
    expect(document.warnings.map(({ message }) => message)).toEqual([
      'deploys/closed cannot be looked into: EACCES',
      '.env.secret cannot be read: EACCES: what it leads to is not known',
    ])
    for (const verb of ['status', 'log', 'probe', 'recover']) {
      const { document } = await asDocument([verb, '-c', 'deploys/closed/.env'], how)
      expect(document, verb).toMatchObject({
        exit: 6,
        error: { message: 'deploys/closed/.env cannot be looked at: EACCES; nothing was changed' },
      })
    }
    chmodSync(place.at('deploys/closed'), 0o755)
  })

  test('500 configs are looked into in bounded time', async () => {
    using place = scratch()
    for (let at = 0; at < 500; at += 1) place.write(`deploys/${at}/.env`, `A=redis://h${at % 5}/0\nB=${'x'.repeat(1_000)}\n`)
    const started = performance.now()
    expect(await found(['h3', '-c', 'deploys/*/.env'], { cwd: place.path })).toHaveLength(100)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test.runIf(process.platform === 'linux')(
    'a pattern that leads through a whole disk, and round in circles, is given up',
    { timeout: 60_000 },
    async () => {
      using place = project()
      const started = performance.now()
      const { document } = await asDocument(['where', 'h', '-c', '/proc/**/.env'], { cwd: place.path })
      expect(document).toMatchObject({
        exit: 2,
        outcome: 'unchanged',
        error: { code: 'USAGE', message: expect.stringContaining('leads through more') },
      })
      expect(performance.now() - started).toBeLessThan(30_000)
    },
  )

  test('a broken attach.yaml is exit 2: its deploys are part of the answer', async () => {
    using place = project()
    place.write('attach.yaml', 'deploys: [')
    expect((await asDocument(['where', 'h'], { cwd: place.path })).document).toMatchObject({ exit: 2, error: { code: 'CONFIG_INVALID' } })
  })

  test('says no secret, contacts nothing, writes nothing', async () => {
    using place = project()
    mkdirSync(place.at('.attach'))
    const before = treeOf(place.path)
    for (const mode of [[], ['-v'], ['--json']]) {
      for (const what of [
        'db1.internal',
        'postgres://u:S3cret@db1.internal/shop',
        'redis://:S3cret@nowhere.invalid',
        'postgres://u:S3c/ret@h/x',
        'x=S3cret',
      ]) {
        const ran = await attach(['where', what, ...mode], { cwd: place.path, env: { TINYGLOBBY_DEBUG: '1' } })
        expect(ran.stdout + ran.stderr).not.toContain('S3cret')
      }
    }
    expect(treeOf(place.path)).toEqual(before)
  })
})
