import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type CommandPlace, filesOf } from '../../../src/deploys/settling/command-files.ts'
import { AttachError } from '../../../src/domain/errors.ts'
import { type App, app, healthOf, hookOf } from '../../support/declared.ts'
import { isRoot, NOBODY, thrown } from '../../support/files.ts'
import { scratch, treeOf } from '../../support/scratch.ts'

const script = ({ write, at }: App, name = 'restart.sh', text = '#!/bin/sh\necho restarted\n'): void => {
  write(name, text)
  chmodSync(at(name), 0o755)
}

/** A file that is not root's: only those are looked into. */
const give = (path: string): void => {
  if (isRoot) chownSync(path, NOBODY, NOBODY)
}

/** As somebody who is not root sees it, who owns everything here. */
function asUser(place: App): void {
  if (!isRoot) return
  Object.assign(place.host, { uid: NOBODY })
  const memory = place.at('home/.local/state/attach/trusted')
  mkdirSync(memory, { recursive: true, mode: 0o700 })
  give(memory)
  for (const name of ['attach.yaml', 'restart.sh', 'home']) if (existsSync(place.at(name))) give(place.at(name))
}

describe('ready', () => {
  test.each<[string, string | readonly string[], string]>([
    ['a list whose program is nowhere in PATH', ['no-such-program', 'x'], 'no-such-program'],
    ['a list whose program is not in the folder', ['./restart.sh'], './restart.sh'],
    ['a text that begins with a path that is not there', './restart.sh --now && echo', './restart.sh'],
    ['a list of nothing', [], 'its program'],
    ['a program with an odd name', ['./a b\u001b'], 'its program'],
  ])('refuses %s', async (_name, run, program) => {
    using place = app({ hook: hookOf(run) })
    const { code, message, hint } = await thrown(place.settler().ready())
    expect([code, message]).toEqual(['CONFIG_INVALID', `hook of production: ${program} is not there; nothing was changed`])
    expect(hint).toContain('--no-hook')
    expect(place.asked).toEqual([])
  })

  test.each<[string, string | readonly string[], string, (place: App) => string]>([
    ['a file of a list that may not be run', ['./h.sh'], './h.sh is there, and may not be run', ({ at }) => `chmod +x ${at('h.sh')}`],
    ['a file of a text that may not be run', './h.sh now', './h.sh is there, and may not be run', ({ at }) => `chmod +x ${at('h.sh')}`],
    ['a directory', ['./'], './ is a directory, and no program', () => '--no-hook'],
    [
      'a list whose first word is a line of a file here',
      ['./h.sh restart', '--now'],
      'its program is not there: a list holds one word in each place, and its first holds 2',
      () => 'write [./h.sh, restart, --now]',
    ],
    [
      'a list whose first word is a line of a program in PATH',
      ['sh h.sh restart'],
      'its program is not there: a list holds one word in each place, and its first holds 3',
      () => 'write [sh, h.sh, restart]',
    ],
    ['a list whose first word is a line of nothing', ['./no.sh restart'], 'its program is not there', () => '--no-hook'],
    ['a list whose first word is a line not fit to print', ['./h.sh "\u001b"'], 'its program is not there', () => '--no-hook'],
  ])('refuses %s, and says what mends it', async (_name, run, why, hint) => {
    using place = app({ hook: hookOf(run) })
    place.write('h.sh', '#!/bin/sh\n')
    const refused = await thrown(place.settler().ready())
    expect([refused.code, refused.message]).toEqual(['CONFIG_INVALID', `hook of production: ${why}; nothing was changed`])
    expect(refused.hint).toContain(hint(place))
  })

  test.each<[string, string | readonly string[]]>([
    ['a program of PATH', ['true']],
    ['a text that begins with a word of the shell', 'cd / && FOO=1 true'],
    ['a text that begins with what only the shell understands', '"$HOME"/nothing/there || true'],
  ])('lets %s be', async (_name, run) => {
    using place = app({ hook: hookOf(run) })
    await place.settler().ready()
    expect(place.asked).toHaveLength(1)
  })

  test('names the health command by its own key', async () => {
    using place = app({ health: healthOf({ by: 'command', run: ['./no'] }) })
    expect((await thrown(place.settler().ready())).message).toContain('health of production: ./no is not there')
  })

  test('looks at nothing where nothing is to be run', async () => {
    using place = app({ hook: hookOf(['./no']) })
    await place.settler({ run: 'skip' }).ready()
    using urlOnly = app({ health: healthOf({ by: 'url', url: 'http://127.0.0.1:9/', status: 200, body: null }) })
    chmodSync(urlOnly.at('attach.yaml'), 0o666)
    await urlOnly.settler().ready()
    expect([...place.asked, ...urlOnly.asked]).toEqual([])
  })

  test('writes nothing', async () => {
    using place = app({ hook: hookOf(['true']) })
    const before = treeOf(place.path)
    await place.settler().ready()
    expect(treeOf(place.path)).toEqual(before)
  })
})

describe('what a command is made of must be nobody else’s to change', () => {
  test.each<[string, (place: App) => void, RegExp]>([
    [
      'attach.yaml that every user may write',
      ({ at }) => chmodSync(at('attach.yaml'), 0o646),
      /^attach\.yaml of production: every user may write \S+attach\.yaml;/,
    ],
    [
      'a script that every user may write',
      ({ at }) => chmodSync(at('restart.sh'), 0o757),
      /^hook of production: every user may write \S+restart\.sh;/,
    ],
    [
      'a folder that every user may write',
      ({ path }) => chmodSync(path, 0o777),
      /every user may put another file in the place of \S+attach\.yaml;/,
    ],
  ])('refuses %s', async (_name, loosen, expected) => {
    using place = app({ hook: hookOf('./restart.sh') })
    script(place)
    loosen(place)
    const { code, message, hint } = await thrown(place.settler().ready())
    expect(code).toBe('CONFIG_INVALID')
    expect(message).toMatch(expected)
    expect(hint).toMatch(/^chmod o-w /)
  })

  test('a folder that every user may write is safe with its sticky bit', async () => {
    using place = app({ hook: hookOf('./restart.sh') })
    script(place)
    chmodSync(place.path, 0o1777)
    await place.settler().ready()
  })

  test('the target of a link counts, not the link', async () => {
    using place = app({ hook: hookOf(['./link']) })
    script(place)
    symlinkSync('restart.sh', place.at('link'))
    chmodSync(place.at('restart.sh'), 0o777)
    expect((await thrown(place.settler().ready())).message).toContain('every user may write')
  })

  test.runIf(isRoot)('refuses a file of another user', async () => {
    using place = app({ hook: hookOf(['sh', './restart.sh']) })
    script(place)
    give(place.at('restart.sh'))
    expect((await thrown(place.settler().ready())).message).toContain(`belongs to user ${NOBODY}, and neither to root nor to you`)
  })
})

describe('commands run after a person agreed to them, once', () => {
  test('and they are shown as they will run', async () => {
    using place = app({ hook: hookOf(['echo', "it's", '$x']), health: healthOf({ by: 'command', run: 'true' }) })
    await place.settler().ready()
    expect(place.asked).toEqual([["echo 'it'\\''s' '$x'", 'true']])
  })

  test('a refusal runs nothing and is remembered by nobody', async () => {
    using place = app({ hook: hookOf('touch ran') })
    const trust = (): Promise<void> => Promise.reject(new AttachError('REFUSED', 'no'))
    expect((await thrown(place.settler({ trust }).ready())).code).toBe('REFUSED')
    expect(await place.settle({ settler: place.settler({ trust }) })).toBe('no')
    expect(existsSync(place.at('ran'))).toBe(false)
    expect(existsSync(place.at('home/.local'))).toBe(false)
  })

  test('after which they are not asked about again, in this run or another', async () => {
    using place = app({ hook: hookOf('true') })
    const settler = place.settler()
    await settler.ready()
    await settler.ready()
    await place.settle({ settler })
    await place.settle({ settler })
    await place.settle()
    expect(place.asked).toHaveLength(1)
    const memory = place.at('home/.local/state/attach/trusted')
    expect(readdirSync(memory)).toEqual([expect.stringMatching(/^[\da-f]{64}$/)])
    expect(statSync(memory).mode & 0o777).toBe(0o700)
  })

  test('XDG_STATE_HOME says where that is remembered', async () => {
    using place = app({ hook: hookOf('true') })
    Object.assign(place.host.env, { XDG_STATE_HOME: place.at('state'), HOME: undefined })
    await place.settle()
    await place.settle()
    expect(place.asked).toHaveLength(1)
    expect(readdirSync(place.at('state/attach/trusted'))).toHaveLength(1)
  })

  test.each<[string, (place: App) => void]>([
    ['there is no home', (place) => Object.assign(place.host.env, { HOME: undefined })],
    ['others may write there', ({ at }) => chmodSync(at('home/.local/state/attach/trusted'), 0o777)],
  ])('but each time where %s', async (_name, change) => {
    using place = app({ hook: hookOf('true') })
    mkdirSync(place.at('home/.local/state/attach/trusted'), { recursive: true, mode: 0o700 })
    change(place)
    await place.settle()
    await place.settle()
    expect(place.asked).toHaveLength(2)
  })

  test.runIf(isRoot)('and nobody speaks for root: neither a home nor a memory of another user', async () => {
    using place = app({ hook: hookOf('true') })
    await place.settle()
    give(place.at('home/.local/state/attach/trusted'))
    await place.settle()
    rmSync(place.at('home/.local'), { recursive: true })
    give(place.at('home'))
    await place.settle()
    expect(place.asked).toHaveLength(3)
    expect(existsSync(place.at('home/.local'))).toBe(false)
  })
})

describe('they are asked about again', () => {
  /** As a run leaves it that went well with what stands now. */
  const remembered = async (place: App): Promise<void> => {
    asUser(place)
    const settler = place.settler()
    await settler.ready()
    await place.settle({ settler })
    expect(place.asked).toHaveLength(1)
  }

  test.each<[string, (place: App) => void, boolean]>([
    ['when a script that they name has changed', ({ at }) => appendFileSync(at('restart.sh'), 'echo more\n'), true],
    ['when a file in the folder that they name has changed', ({ at }) => appendFileSync(at('compose.yml'), 'x: 1\n'), true],
    ['not when the config has changed', ({ env }) => appendFileSync(env, 'A=1\n'), false],
    ['not when a log has changed', ({ at }) => appendFileSync(at('app.log'), 'up\n'), false],
    ['not when a file that they write has changed', ({ at }) => appendFileSync(at('out'), 'up\n'), false],
    ['not when a file that they do not name has changed', ({ at }) => appendFileSync(at('other.sh'), 'up\n'), false],
  ])('%s', async (_name, change, again) => {
    using place = app({ hook: hookOf('./restart.sh -f compose.yml --env-file .env >out && cat app.log') })
    script(place)
    for (const name of ['compose.yml', 'app.log', 'out', 'other.sh']) {
      place.write(name, '')
      give(place.at(name))
    }
    await remembered(place)
    change(place)
    const before = place.asked.length
    await place.settler().ready()
    expect(place.asked.length > before).toBe(again)
  })

  test('when the command is written otherwise, as another sort, or for another deploy', async () => {
    using place = app({ hook: hookOf('true') })
    await remembered(place)
    const declared = place.deploy.declared
    if (declared === null) throw new Error('nothing is declared')
    for (const change of [
      { declared: { ...declared, hook: hookOf(['true']) } },
      { declared: { ...declared, hook: hookOf('true ') } },
      { name: 'staging' },
    ]) {
      const before = place.asked.length
      const was = { declared, name: place.deploy.name }
      Object.assign(place.deploy, change)
      await place.settler().ready()
      expect(place.asked.length).toBe(before + 1)
      Object.assign(place.deploy, was)
    }
  })
})

test('what changed between the question and the run is not run', async () => {
  using place = app({ hook: hookOf('./restart.sh; touch ran') })
  script(place)
  asUser(place)
  const settler = place.settler()
  await settler.ready()
  appendFileSync(place.at('restart.sh'), 'echo more\n')
  expect(await place.settle({ settler })).toBe('no')
  expect(place.whys()).toEqual(['attach.yaml or what it names changed meanwhile'])
  expect(existsSync(place.at('ran'))).toBe(false)
})

test('what a command changes itself is no reason not to run it again when the change is put back', async () => {
  using place = app({ hook: hookOf('./count.sh state.json') })
  script(place, 'count.sh', '#!/bin/sh\necho x >>"$1"\n')
  place.write('state.json', '')
  asUser(place)
  for (const name of ['count.sh', 'state.json']) give(place.at(name))
  const settler = place.settler()
  await settler.ready()
  expect([await place.settle({ settler }), await place.settle({ settler, stands: 'old' })]).toEqual(['yes', 'yes'])
  expect(place.read('state.json')).toBe('x\nx\n')
})

test('the files of a command are its program, what it names in its folder, and programs elsewhere; each once, by its real path', () => {
  using place = scratch('A=1\n')
  using elsewhere = scratch('')
  const folder = realpathSync(place.path)
  for (const name of ['run.sh', 'compose.yml', 'app.pid', 'sub/x.py']) place.write(name, '')
  chmodSync(place.at('run.sh'), 0o755)
  elsewhere.write('tool', '')
  elsewhere.write('notes', '')
  chmodSync(elsewhere.at('tool'), 0o755)
  writeFileSync(elsewhere.at('data'), '')
  const at: CommandPlace = { folder, env: { PATH: `:${folder}:/usr/bin:/bin` }, config: `${folder}/.env` }
  const named = (line: string | readonly string[]): readonly string[] => filesOf({ name: 'hook', line }, at)
  expect(
    named(['run.sh', '-f', 'compose.yml', '.env', 'app.pid', './run.sh', 'sub', 'sub/x.py', elsewhere.at('tool'), elsewhere.at('notes')]),
  ).toEqual([`${folder}/run.sh`, `${folder}/compose.yml`, `${folder}/sub/x.py`, realpathSync(elsewhere.at('tool'))])
  expect(named(`sh -c "./run.sh --file=compose.yml" >sub/x.py`)).toEqual([
    realpathSync('/bin/sh'),
    `${folder}/run.sh`,
    `${folder}/compose.yml`,
  ])
  expect(named('kill "$(cat app.pid)"').filter((path) => path.startsWith(folder))).toEqual([])
  expect(named('x'.repeat(10_000))).toEqual([])
})
