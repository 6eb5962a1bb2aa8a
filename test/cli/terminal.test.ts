import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attach } from '../support/cli.ts'
import { type Liar, liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { configOf, journalOf, type Scratch, scratch, treeOf, verdictsOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal, type TerminalOptions } from '../support/terminal.ts'

const ONE = 'redis://one.test:6379/0'
const TWO = 'redis://two.test:6379/0'
const QUESTION = /\[y\/N\] ?/
const CTRL_C = '\x03'
const CTRL_D = '\x04'
const ESC = String.fromCharCode(27)

/** A place where v1 stands: `REDIS_URL` holds TWO, and held ONE before. */
async function released(text = `PORT=3000\nREDIS_URL=${ONE}\n`): Promise<Scratch> {
  const place = scratch(text)
  expect(await attach(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
  return place
}

const at = (place: Scratch, more: Partial<TerminalOptions> = {}): TerminalOptions => ({ cwd: place.path, ...more })

const ASKING = [
  ['swap', [`swap`, `REDIS_URL=redis://three.test/0`, '--no-probe']],
  ['attach over another value', [`REDIS_URL=redis://three.test/0`, '--no-probe']],
  ['detach', ['detach', 'REDIS_URL']],
  ['rollback', ['rollback', '--no-probe']],
  ['undo', ['undo', '--no-probe']],
] as const

describe.runIf(haveTerminal())('on a terminal', { concurrent: true }, () => {
  test.each(ASKING)('%s shows the plan and asks once, and y does it', async (_, args) => {
    using place = await released()
    const terminal = onTerminal(args, at(place))
    const screen = await terminal.see(QUESTION)
    expect(screen).toMatch(/REDIS_URL.*two\.test/)
    expect(verdictsOf(place)).toEqual(['committed'])
    terminal.type('y\r')
    const ran = await terminal.ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.screen.match(/\[y\/N\]/g)).toHaveLength(1)
    expect(ran.screen).toMatch(/^Undo: attach undo v2$/m)
    expect(verdictsOf(place)).toEqual(['committed', 'committed'])
    expect(place.read()).not.toContain(TWO)
  })

  test.each([
    ['n', 'n\r', 3],
    ['no', 'no\r', 3],
    ['Enter', '\r', 3],
    ['Ctrl-D', CTRL_D, 3],
    ['Ctrl-C', CTRL_C, 130],
    ['a word that is neither', 'yellow\r', 3],
  ])('%s refuses, and nothing was changed', async (_, typed, exit) => {
    using place = await released()
    const [config, journal] = [configOf(place), journalOf(place)]
    const terminal = onTerminal(['detach', 'REDIS_URL'], at(place))
    await terminal.see(QUESTION)
    terminal.type(typed)
    const ran = await terminal.ended
    expect(ran).toMatchObject({ exit })
    expect(ran.screen).toMatch(/nothing was changed|interrupted before/)
    expect({ config: configOf(place), journal: journalOf(place) }).toEqual({ config, journal })
  })

  test.each(ASKING)('%s with -y asks nothing', async (_, args) => {
    using place = await released()
    const ran = await onTerminal([...args, '-y'], at(place)).ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.screen).not.toMatch(QUESTION)
  })

  test('--confirm with the name of the deploy counts as -y', async () => {
    using place = await released()
    const ran = await onTerminal(['detach', 'REDIS_URL', '--confirm', '.env'], at(place)).ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.screen).not.toMatch(QUESTION)
  })

  test('--no-input behaves as off a terminal', async () => {
    using place = await released()
    const refused = await onTerminal([`REDIS_URL=redis://three.test/0`, '--no-probe', '--no-input'], at(place)).ended
    expect(refused).toMatchObject({ exit: 3 })
    const meant = await onTerminal(['detach', 'REDIS_URL', '--no-input'], at(place)).ended
    expect(meant).toMatchObject({ exit: 0 })
    expect(refused.screen + meant.screen).not.toMatch(QUESTION)
    expect(await onTerminal(['A_URL', '--no-input'], at(place)).ended).toMatchObject({ exit: 2 })
  })

  test('--timeout passes while the question stands: refused, and nothing was changed', async () => {
    using place = await released()
    const config = configOf(place)
    const terminal = onTerminal(['detach', 'REDIS_URL', '--timeout', '1s'], at(place))
    await terminal.see(QUESTION)
    expect(await terminal.ended).toMatchObject({ exit: 3 })
    expect(configOf(place)).toBe(config)
  })

  test('an edit saved while the question stands is a conflict, and stays', async () => {
    using place = await released()
    const terminal = onTerminal(['detach', 'REDIS_URL'], at(place))
    await terminal.see(QUESTION)
    place.write('.env', 'PORT=3000\nREDIS_URL=redis://by-hand.test/0\n')
    terminal.type('y\r')
    expect(await terminal.ended).toMatchObject({ exit: 4 })
    expect(place.read()).toBe('PORT=3000\nREDIS_URL=redis://by-hand.test/0\n')
  })

  test('--json asks nothing: there is one document, and no question', async () => {
    using place = await released()
    const ran = await onTerminal([`REDIS_URL=redis://three.test/0`, '--no-probe', '--json'], at(place)).ended
    expect(ran).toMatchObject({ exit: 3 })
    expect(JSON.parse(ran.screen)).toMatchObject({ exit: 3, outcome: 'refused' })
  })

  test('with stderr elsewhere nobody could read the question, so none is asked', async () => {
    using place = await released()
    const ran = await onTerminal([`REDIS_URL=redis://three.test/0`, '--no-probe'], at(place, { redirected: '2>/dev/null' })).ended
    expect(ran).toMatchObject({ exit: 3 })
  })

  test('an unchanged value, an absent key to detach, and --dry-run ask nothing', async () => {
    using place = await released()
    for (const args of [
      [`swap`, `REDIS_URL=${TWO}`],
      ['detach', 'NO_SUCH_URL'],
      ['detach', 'REDIS_URL', '--dry-run'],
    ]) {
      const ran = await onTerminal(args, at(place)).ended
      expect({ args, exit: ran.exit }).toEqual({ args, exit: 0 })
      expect(ran.screen).not.toMatch(QUESTION)
    }
  })

  test('the hidden prompt echoes nothing, takes a paste, and its value arrives whole', async () => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['CACHE_URL', '--no-probe'], at(place))
    await terminal.see(/CACHE_URL.*: ?/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    terminal.type(`${ESC}[200~redis://:hidden-w0rd@h:6379/0${ESC}[201~\r`)
    const ran = await terminal.ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.raw).not.toContain('hidden-w0rd')
    expect(ran.raw).not.toContain('redis://:')
    expect(place.read()).toBe('A=1\nCACHE_URL=redis://:hidden-w0rd@h:6379/0\n')
  })

  test('what is typed the moment the hidden prompt stands is not echoed either', async () => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['CACHE_URL', '--no-probe'], at(place))
    await terminal.see(/CACHE_URL/)
    terminal.type('redis://:hidden-w0rd@h:6379/0\r')
    const ran = await terminal.ended
    expect(ran.raw).not.toContain('hidden-w0rd')
    expect(ran).toMatchObject({ exit: 0 })
  })

  test('the hidden prompt knows Backspace, and asks for each key', async () => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['B_URL', 'C_URL', '--no-probe'], at(place))
    await terminal.see(/B_URL.*: ?/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    terminal.type('redis://bb\x7f/0\r')
    await terminal.see(/C_URL.*: ?/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    terminal.type('redis://c/0\r')
    expect(await terminal.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('A=1\nB_URL=redis://b/0\nC_URL=redis://c/0\n')
  })

  test('the hidden prompt asks for many keys, and nothing but its questions stands on the screen', async () => {
    using place = scratch('A=1\n')
    const keys = Array.from({ length: 12 }, (_, number) => `K${number}_URL`)
    const terminal = onTerminal([...keys, '--no-probe'], at(place))
    for (const key of keys) {
      await terminal.see(new RegExp(`${key}.*: `))
      terminal.type('redis://c/0\r')
    }
    const { exit, screen } = await terminal.ended
    expect(exit).toBe(0)
    expect(screen).not.toMatch(/listeners|node:/i)
  })

  test.each([
    ['Ctrl-C', CTRL_C, 130],
    ['Ctrl-D', CTRL_D, 3],
    ['Enter alone', '\r', 2],
  ])('%s at the hidden prompt changes nothing and leaves the terminal as it was', async (_, typed, exit) => {
    using place = scratch('A=1\n')
    const untouched = treeOf(place.path)
    const terminal = onTerminal(['CACHE_URL'], at(place, { afterwards: 'stty -a' }))
    await terminal.see(/CACHE_URL.*: ?/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    terminal.type(typed)
    const ran = await terminal.ended
    expect(ran).toMatchObject({ exit })
    expect(ran.screen).toMatch(/[^-]icanon/)
    expect(ran.screen).toMatch(/[^-]echo\b/)
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test('`attach` alone shows three lines to begin with, and what is attached once something is', async () => {
    using empty = scratch()
    const first = await onTerminal([], at(empty)).ended
    expect(first).toMatchObject({ exit: 0 })
    expect(first.screen).toContain('nothing is attached here yet')
    expect(first.screen.match(/^ *attach( |$)/gm)).toHaveLength(3)
    using place = await released()
    const second = await onTerminal([], at(place)).ended
    expect(second).toMatchObject({ exit: 0 })
    expect(second.screen).toMatch(/REDIS_URL +redis +redis:\/\/two\.test:6379\/0 +v1/)
    expect(second.screen.match(/^ *attach( |$)/gm)).toHaveLength(3)
    const elsewhere = await attach([], { cwd: place.path })
    expect(elsewhere).toMatchObject({ exit: 2, stdout: '' })
    expect(elsewhere.stderr).toMatch(/usage/i)
  })

  test('colours come to a terminal only, and NO_COLOR, --no-color and a dumb one do without', async () => {
    using place = await released()
    const coloured = await onTerminal(['status'], at(place)).ended
    expect(coloured.raw).toContain(`${ESC}[`)
    for (const [args, env] of [
      [['status'], { NO_COLOR: '1' }],
      [['status', '--no-color'], {}],
      [['status'], { TERM: 'dumb' }],
    ] as const) {
      const ran = await onTerminal(args, at(place, { env })).ended
      expect(ran.raw).not.toContain(`${ESC}[`)
      expect(ran.screen).toBe(coloured.screen)
    }
    expect((await attach(['status'], { cwd: place.path, env: { TERM: 'xterm-256color' } })).stdout).not.toContain(ESC)
  })

  test('no line of help is wider than a terminal of 80 columns', async () => {
    using place = scratch()
    for (const line of ['help', 'help attach', 'help swap', 'help rollback', 'help status', 'help probe']) {
      const { screen } = await onTerminal(line.split(' '), at(place, { columns: 80 })).ended
      expect(screen.split('\n').filter((text) => text.length > 80)).toEqual([])
    }
  })

  test('Ctrl-C while a server is silent is 130, and nothing was changed', async () => {
    await using mute: Liar = await liar(silent)
    using place = await released()
    const [config, journal] = [configOf(place), journalOf(place)]
    const terminal = onTerminal(['swap', `REDIS_URL=redis://127.0.0.1:${mute.port}/0`], at(place))
    while (mute.heard() === '') await new Promise((resolve) => setTimeout(resolve, 10))
    terminal.type(CTRL_C)
    expect(await terminal.ended).toMatchObject({ exit: 130 })
    expect({ config: configOf(place), journal: journalOf(place) }).toEqual({ config, journal })
  })
})

describe.runIf(haveTerminal() && haveRedis())('`Attach it all the same?`', { concurrent: true }, () => {
  let locked: RedisServer
  let down: string
  beforeAll(async () => {
    locked = await startRedis({ password: 'right-word' })
    down = `redis://127.0.0.1:${await freePort()}/0`
  })
  afterAll(() => locked[Symbol.asyncDispose]())

  test('is asked for an absent key when nothing answers, and y attaches it, recorded as not probed', async () => {
    for (const handle of [down, 'redis://nowhere.invalid/0']) {
      using place = scratch('A=1\n')
      const terminal = onTerminal([`CACHE_URL=${handle}`], at(place))
      const screen = await terminal.see(/all the same\? \[y\/N\]/)
      expect(screen).toMatch(/connect|resolve/)
      terminal.type('y\r')
      expect(await terminal.ended).toMatchObject({ exit: 0 })
      expect(place.read()).toBe(`A=1\nCACHE_URL=${handle}\n`)
      expect(journalOf(place)[0]).toMatchObject({ unprobed: true })
    }
  })

  test('is not answered by -y', async () => {
    using place = scratch('A=1\n')
    const untouched = treeOf(place.path)
    const terminal = onTerminal([`CACHE_URL=${down}`, '-y'], at(place))
    await terminal.see(/all the same\? \[y\/N\]|nothing was changed/)
    terminal.type('n\r')
    expect(await terminal.ended).toMatchObject({ exit: 3 })
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test('counts an empty key as absent: nothing gets worse', async () => {
    using place = scratch('CACHE_URL=\n')
    const terminal = onTerminal([`CACHE_URL=${down}`], at(place))
    await terminal.see(/all the same\? \[y\/N\]/)
    terminal.type('n\r')
    expect(await terminal.ended).toMatchObject({ exit: 3 })
    expect(place.read()).toBe('CACHE_URL=\n')
  })

  test.each([
    ['n', 'n\r', 3],
    ['Enter', '\r', 3],
    ['Ctrl-C', CTRL_C, 130],
  ])('%s leaves everything as it was', async (_, typed, exit) => {
    using place = scratch('A=1\n')
    const untouched = treeOf(place.path)
    const terminal = onTerminal([`CACHE_URL=${down}`], at(place))
    await terminal.see(/all the same\? \[y\/N\]/)
    terminal.type(typed)
    expect(await terminal.ended).toMatchObject({ exit })
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test('is not asked over another value, for a swap, a wrong password, a wrong database, without a terminal, or with --dry-run', async () => {
    const wrong = locked.url({ password: 'wrong-word' })
    const lines = [
      [`REDIS_URL=${down}`],
      ['swap', `REDIS_URL=${down}`],
      [`CACHE_URL=${wrong}`],
      [`CACHE_URL=${locked.url({ db: 9999 })}`],
      [`CACHE_URL=${down}`, '--no-input'],
      [`CACHE_URL=${down}`, '--dry-run'],
    ]
    for (const args of lines) {
      using place = scratch(`REDIS_URL=${ONE}\n`)
      const untouched = treeOf(place.path)
      const ran = await onTerminal(args, at(place)).ended
      expect({ args, exit: ran.exit }).toEqual({ args, exit: 3 })
      expect(ran.screen).not.toMatch(/all the same\? \[/)
      expect(treeOf(place.path)).toEqual(untouched)
    }
  })
})

describe.runIf(haveTerminal() && haveRedis())('a failover on a terminal', { concurrent: true }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ password: 'right-word' })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const begun = async (place: Scratch) => {
    const down = `redis://127.0.0.1:${await freePort()}/0`
    const terminal = onTerminal(['failover', 'CACHE_URL', '--to', down, '--to', '-'], at(place))
    await terminal.see(/Handle of candidate 2 \(not shown\): /)
    terminal.type(`${server.url({ db: 1 })}\r`)
    return terminal
  }

  test('takes a candidate that is not shown, names each, shows the plan, and asks once', async () => {
    using place = scratch(`CACHE_URL=${server.url({ db: 0 })}\n`)
    const terminal = await begun(place)
    const screen = await terminal.see(QUESTION)
    expect(screen).toMatch(/✗ candidate 1 .*failed at connect.*→ candidate 2 .*the only fit one.*plan .*CACHE_URL/s)
    expect(verdictsOf(place)).toEqual([])
    terminal.type('y\r')
    const ran = await terminal.ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.screen.match(/\[y\/N\]/g)).toHaveLength(1)
    expect(ran.screen).not.toContain('right-word')
    expect(place.read()).toBe(`CACHE_URL=${server.url({ db: 1 })}\n`)
  })

  test('n leaves everything as it was', async () => {
    using place = scratch(`CACHE_URL=${server.url({ db: 0 })}\n`)
    const config = configOf(place)
    const terminal = await begun(place)
    await terminal.see(QUESTION)
    terminal.type('n\r')
    expect(await terminal.ended).toMatchObject({ exit: 3 })
    expect([configOf(place), verdictsOf(place)]).toEqual([config, []])
  })
})
