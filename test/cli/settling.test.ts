import { spawn, spawnSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import type { Entry, ValuesId } from '../../src/domain/operation.ts'
import { encodeLine } from '../../src/stores/journal-line.ts'
import { asDocument, attach, begin, programOf } from '../support/cli.ts'
import { end, eventually } from '../support/processes.ts'
import { configOf, journalOf, journalPath, type Scratch, scratch, verdictsOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal } from '../support/terminal.ts'

const OLD = 'TOKEN=old\n'
const SWAP = ['swap', 'TOKEN=new', '--kind', 'opaque']

/** A deploy named production: its hook writes what it was told into `told`, and ends as `ends` says for the value that stands. */
function deploy({ hook = true, more = '', ends = 'exit 0' }: { hook?: boolean; more?: string; ends?: string } = {}): Scratch {
  const place = scratch(OLD)
  const run = hook ? '    hook: [sh, hook.sh]\n' : ''
  place.write('attach.yaml', `deploys:\n  production:\n    config: .env\n${run}${more}`)
  const told = 'ATTACH_DEPLOY ATTACH_VERB ATTACH_RELEASE ATTACH_KEYS ATTACH_STANDS'
  place.write('hook.sh', `for name in ${told}; do eval "printf '%s ' \\"\\$$name\\""; done >> told\ncat .env >> told\n${ends}\n`)
  return place
}

const toldTo = (place: Scratch): readonly string[] => (existsSync(place.at('told')) ? place.read('told').trim().split('\n') : [])
/** The lines of operations that ended so. */
function journalWith(...verdicts: readonly ('committed' | 'aborted')[]): string {
  const by = { user: 'u', host: 'h', pid: 1 }
  const at = '2026-01-01T00:00:00.000Z'
  const shown = [{ key: 'TOKEN' as Key, from: null, to: 'x' }]
  let [text, previous, release] = ['', '', 0]
  const add = (entry: Entry): void => {
    const line = encodeLine(entry, previous)
    text += line.text
    previous = line.sum
  }
  for (const [place, verdict] of verdicts.entries()) {
    const seq = 2 * place + 1
    const values = `${seq}`.padStart(16, '0') as ValuesId
    add({ type: 'intent', seq, by, at, verb: 'swap', values, shown, revertible: true, edited: [] })
    if (verdict === 'committed') release += 1
    const ending = verdict === 'committed' ? { verdict, settled: 'yes' as const } : { verdict }
    add({ type: 'close', seq: seq + 1, by, at, intent: seq, release, ...ending })
  }
  return text
}

const UNLESS_OLD = 'grep -q old .env'

describe('a change of a deploy with a hook', () => {
  test('runs it once the new value stands, and says so', async () => {
    using place = deploy()
    const ran = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 0 })
    expect(toldTo(place)).toEqual(['production swap 1 TOKEN new TOKEN=new'])
    expect(ran.stderr).toContain('sh hook.sh')
    expect(ran.stderr).toContain('If the app does not settle, the old value is put back.')
    expect(ran.stderr).not.toContain('Restart the app')
    expect(journalOf(place).at(-1)).toMatchObject({ verdict: 'committed', settled: 'yes' })
  })

  test('is put back when the hook fails, and the hook runs again on the old value', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    const before = place.read()
    const { document } = await asDocument([...SWAP, '--trust'], { cwd: place.path })
    expect(document).toMatchObject({ exit: 7, outcome: 'reverted', error: { code: 'UNSETTLED' }, undo: null })
    expect(document.error?.message).toContain('hook:')
    expect(document.settling).toMatchObject({
      onFailure: 'revert',
      settled: 'yes',
      steps: [{ stands: 'new' }, { stands: 'old', why: null }],
    })
    expect(toldTo(place)).toEqual(['production swap 1 TOKEN new TOKEN=new', 'production swap 0 TOKEN old TOKEN=old'])
    expect(place.read()).toBe(before)
    expect(verdictsOf(place)).toEqual(['reverted'])
  })

  test('whose hook waits for attach itself is put back at the time limit, and what waited says that it was ended, not that there are no locks', async () => {
    using place = deploy({ hook: false, more: '    hook: { run: [sh, nested.sh], timeout: 2s }\n' })
    place.write('nested.sh', `'${process.execPath}' '${programOf('attach')}' OTHER=x --kind opaque 2>> said\n`)
    const ran = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(ran.exit).toBe(8)
    expect(place.read('said')).toContain('interrupted before anything was changed')
    expect(place.read('said')).not.toContain('no kernel lock')
    expect(place.read()).toBe(OLD)
  })

  test('whose hook fails on both values is closed, exits 8, and is told by status until recover is well', async () => {
    using place = deploy({ ends: 'test -e mended' })
    const { document } = await asDocument([...SWAP, '--trust'], { cwd: place.path })
    expect(document).toMatchObject({ exit: 8, outcome: 'unknown', error: { code: 'UNSETTLED' }, settling: { settled: 'no' } })
    expect(verdictsOf(place)).toEqual(['reverted'])
    expect((await asDocument(['status'], { cwd: place.path })).document.unsettled).toMatchObject({ verdict: 'reverted' })
    expect((await attach(['status'], { cwd: place.path })).stdout).toContain('attach recover')
    expect(await attach(['recover', '--dry-run'], { cwd: place.path })).toMatchObject({
      exit: 0,
      stdout: 'would run hook and health again\n',
    })
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 8 })
    place.write('mended', '')
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect((await asDocument(['status'], { cwd: place.path })).document.unsettled).toBeNull()
    expect(toldTo(place).at(-1)).toContain(' standing ')
  })

  test('that is to be kept stays as a release when the app does not settle: exit 8, and undo goes back', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    const { document } = await asDocument([...SWAP, '--trust', '--on-failure', 'keep'], { cwd: place.path })
    expect(document).toMatchObject({
      exit: 8,
      outcome: 'unknown',
      release: 1,
      undo: ['attach', 'undo', 'v1'],
      settling: { onFailure: 'keep' },
    })
    expect(place.read()).toBe('TOKEN=new\n')
    const again = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(again).toMatchObject({ exit: 8 })
    expect(again.stderr).toContain('attach recover')
    expect(await attach(['undo', 'v1', '--trust'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(OLD)
  })

  test('what attach.yaml says of failure holds unless the command line says otherwise', async () => {
    using place = deploy({ ends: UNLESS_OLD, more: '    on-failure: keep\n' })
    expect(await attach([...SWAP, '--trust', '--on-failure', 'revert'], { cwd: place.path })).toMatchObject({ exit: 7 })
    const ran = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 8 })
    expect(ran.stderr).toContain('the new value stays')
  })

  test('with --no-hook runs nothing, and says that the app was not restarted', async () => {
    using place = deploy()
    const ran = await attach([...SWAP, '--no-hook'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stderr).toContain('not restarted')
    expect(toldTo(place)).toEqual([])
    expect(journalOf(place).at(-1)).toMatchObject({ verdict: 'committed', settled: 'skipped' })
  })

  test('without a hook but with health asks the app as it runs, and says so', async () => {
    using place = deploy({ hook: false, more: '    health: { run: [test, -e, well], timeout: 2s, interval: 50ms }\n' })
    const ran = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 8 })
    expect(ran.stderr).toContain('No hook restarts the app')
    place.write('well', '')
    expect(await attach(['recover', '--trust'], { cwd: place.path })).toMatchObject({ exit: 0 })
  })
})

describe('what an app did not settle on', () => {
  test('concerns whoever asks for the same again, and nobody else', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    place.write('.env', `${OLD}OTHER=x\n`)
    expect(await attach([...SWAP, '--trust', '--on-failure', 'keep'], { cwd: place.path })).toMatchObject({ exit: 8 })
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 8 })
    expect(await attach(['TOKEN=new', '--kind', 'opaque', '-y'], { cwd: place.path })).toMatchObject({ exit: 8 })
    const others = [
      ['detach', 'NOPE'],
      ['OTHER=x', '--kind', 'opaque'],
    ]
    for (const args of others) expect(await attach(args, { cwd: place.path })).toMatchObject({ exit: 0 })
  })

  test('is looked for by status as far as the journal can be read', async () => {
    using place = deploy()
    place.write('.attach/.env/journal', journalWith('committed', 'aborted').replace('"committed"', '"comMitted"'))
    expect(await attach(['status'], { cwd: place.path })).toMatchObject({ exit: 0, stderr: expect.stringContaining('damaged') })
  })
})

describe('what is said of it', () => {
  test('every next step leads to the deploy that was meant', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    place.write('.env.b', 'TOKEN=b\n')
    place.write('attach.yaml', `default: b\n${place.read('attach.yaml')}  b: { config: .env.b }\n`)
    const kept = await attach([...SWAP, '--trust', '--on-failure', 'keep', '-d', 'production'], { cwd: place.path })
    expect(kept.stderr).toMatch(/hint: attach recover -d production runs hook and health again; attach undo v1 -d production goes back/)
    expect((await attach(['recover', '-d', 'production'], { cwd: place.path })).stderr).toContain('attach recover -d production')
  })

  test('the log keeps why a change was put back, and that one was made without the hook', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    const { document } = await asDocument([...SWAP, '--trust'], { cwd: place.path })
    expect(document.changes).toMatchObject([{ key: 'TOKEN' }])
    expect(document.error?.message).toMatch(/^hook: it ended with exit status 1; the old value was put back: TOKEN holds/)
    await attach([...SWAP, '--no-hook'], { cwd: place.path })
    const { stdout } = await attach(['log'], { cwd: place.path })
    expect(stdout).toMatch(/\[app not restarted\][\s\S]*\[reverted\][\s\S]*hook: it ended with exit status 1/)
  })

  test('an operation that is recovered first and the one that was asked for each have their own reason', async () => {
    const dies = 'test -e dead || { touch dead; kill -9 $PPID; sleep 5; }'
    using place = deploy({ ends: `${dies}; case $ATTACH_STANDS$ATTACH_KEYS in newTOKEN) exit 3 ;; newOTHER) exit 4 ;; esac` })
    place.write('.env', `${OLD}OTHER=x\n`)
    await begin([...SWAP, '--trust'], { cwd: place.path }).ended
    const { document } = await asDocument(['swap', 'OTHER=y', '--kind', 'opaque', '--trust'], { cwd: place.path })
    expect(document).toMatchObject({
      exit: 7,
      error: { message: expect.stringContaining('exit status 4; the old value was put back: OTHER') },
    })
    const { releases = [] } = (await asDocument(['log'], { cwd: place.path })).document
    expect(releases.map(({ why }) => why)).toEqual(['hook: it ended with exit status 4', 'hook: it ended with exit status 3'])
    expect(place.read()).toBe(`${OLD}OTHER=x\n`)
  })

  test('a second signal while the hook runs leaves it open, and says what was, what was to be, and where', async () => {
    using place = deploy({ ends: 'touch here; sleep 20' })
    for (const json of [false, true]) {
      rmSync(place.at('here'), { force: true })
      const run = begin([...SWAP, '--trust', '-d', 'production', '--no-color', ...(json ? ['--json'] : [])], { cwd: place.path })
      await eventually('the hook runs', async () => expect(existsSync(place.at('here'))).toBe(true))
      run.kill('SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 100))
      run.kill('SIGINT')
      const ran = await run.ended
      expect(ran.exit).toBe(8)
      if (json) expect(JSON.parse(ran.stdout)).toMatchObject({ verb: 'swap', deploy: 'production', changes: [{ key: 'TOKEN' }] })
      else expect(ran.stderr).toMatch(/SIGINT: what was begun is ended[\s\S]*TOKEN held[\s\S]*hint: attach recover\n$/)
      expect(await attach(['recover', '--no-hook'], { cwd: place.path })).toMatchObject({ exit: 0 })
      place.write('.env', OLD)
    }
  })

  test('a secret in the words of a hook is not shown', async () => {
    using place = deploy()
    place.write(
      'attach.yaml',
      'deploys: { production: { config: .env, hook: [echo, "postgres://u:hunter2pw@h/x", "--password=hunter3pw"] } }\n',
    )
    const ran = await attach([...SWAP, '--trust'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stderr).toContain('then   hook: echo postgres://u:•••@h/x --password=•••')
  })
})

describe('recover', () => {
  test('--keep accepts what the app did not settle on', async () => {
    using place = deploy({ ends: UNLESS_OLD })
    await attach([...SWAP, '--trust', '--on-failure', 'keep'], { cwd: place.path })
    expect(await attach(['recover', '--keep', '--dry-run'], { cwd: place.path })).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('would accept'),
    })
    expect(await attach(['recover', '--keep'], { cwd: place.path })).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('was accepted'),
    })
    expect((await asDocument(['status'], { cwd: place.path })).document.unsettled).toBeNull()
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0, stdout: 'nothing is open\n' })
  })

  test('asks for no trust where it has nothing to run', async () => {
    using place = deploy()
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0, stdout: 'nothing is open\n' })
  })

  test('that sets a damaged journal aside says so, whatever becomes of the rest', async () => {
    using place = deploy({ ends: 'exit 1' })
    await attach([...SWAP, '--trust'], { cwd: place.path })
    const text = readFileSync(journalPath(place), 'utf8')
    writeFileSync(journalPath(place), text.replace('"intent"', '"intenT"'))
    place.write('hook.sh', 'exit 0\n')
    const ran = await attach(['recover'], { cwd: place.path })
    expect(`${ran.stdout}${ran.stderr}`).toContain('a new journal goes on')
  })
})

describe('a hook', () => {
  test('finds the environment of the caller, and not what attach made of it for itself', async () => {
    using place = deploy({ ends: 'env > found' })
    const env = { LOG_STREAM: 'the-app-s', COLOUR: 'blue' }
    expect(await attach([...SWAP, '--trust'], { cwd: place.path, env })).toMatchObject({ exit: 0 })
    expect(place.read('found')).toMatch(/^LOG_STREAM=the-app-s$/m)
    expect(place.read('found')).toMatch(/^COLOUR=blue$/m)
    expect(place.read('found')).not.toContain('RES_OPTIONS')
  })
})

describe('a hook that never ran here', () => {
  test('is refused off a terminal, dry or not, before anything is begun', async () => {
    using place = deploy()
    const before = configOf(place)
    for (const args of [SWAP, [...SWAP, '--dry-run'], [...SWAP, '-y']]) {
      const ran = await attach(args, { cwd: place.path })
      expect(ran).toMatchObject({ exit: 3 })
      expect(ran.stderr).toMatch(/for the first time: sh hook\.sh[\s\S]*--trust/)
    }
    expect(configOf(place)).toBe(before)
    expect(journalOf(place)).toEqual([])
  })

  test('is trusted from then on, until it changes', async () => {
    using place = deploy()
    expect(await attach([...SWAP, '--trust'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(await attach(['undo', 'v1'], { cwd: place.path })).toMatchObject({ exit: 0 })
    place.write('hook.sh', 'true\n')
    expect(await attach(['undo', 'v2'], { cwd: place.path })).toMatchObject({ exit: 3 })
  })

  test('is not trusted by another folder that a link of attach.yaml leads to it from', async () => {
    using good = deploy()
    using evil = scratch(OLD)
    const env = { HOME: good.path }
    expect(await attach([...SWAP, '--trust'], { cwd: good.path, env })).toMatchObject({ exit: 0 })
    symlinkSync(good.at('attach.yaml'), evil.at('attach.yaml'))
    evil.write('hook.sh', good.read('hook.sh'))
    expect(await attach(SWAP, { cwd: evil.path, env })).toMatchObject({ exit: 3 })
  })

  test('is asked about each time when its words do not tell what it runs', async () => {
    using place = deploy()
    for (const hook of ['cd . && ./hook.sh', '~/hook.sh', '$PWD/hook.sh', './h*.sh', 'sh "./hook.sh a"']) {
      place.write('attach.yaml', `deploys: { production: { config: .env, hook: ${JSON.stringify(hook)} } }\n`)
      await attach([...SWAP, '--trust'], { cwd: place.path })
      expect(await attach(['TOKEN=other', '--kind', 'opaque', '-y'], { cwd: place.path }), hook).toMatchObject({ exit: 3 })
      place.write('.env', OLD)
    }
  })

  test('and was changed while attach waited for its turn is not run: exit 4, and nothing was begun', async () => {
    using place = deploy()
    await attach([...SWAP, '--trust'], { cwd: place.path })
    const lines = journalOf(place).length
    const holder = spawn('sh', ['-c', 'exec 9<"$0"; flock -x 9; exec sleep 60', place.at('.attach', '.env', 'lock')], { stdio: 'ignore' })
    try {
      await eventually('the lock is held', async () =>
        expect(spawnSync('flock', ['-n', place.at('.attach', '.env', 'lock'), 'true']).status).toBe(1),
      )
      const run = begin(['undo', 'v1'], { cwd: place.path })
      await eventually('it waits', async () =>
        expect(
          readdirSync(`/proc/${run.pid}/task/${run.pid}`).length > 0 && readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8'),
        ).not.toBe(''),
      )
      place.write('hook.sh', 'touch changed\n')
      await end(holder, 'SIGKILL')
      expect((await run.ended).exit).toBe(4)
      expect([existsSync(place.at('changed')), journalOf(place).length]).toEqual([false, lines])
    } finally {
      await end(holder, 'SIGKILL')
    }
  })

  test('needs no trust for a command that runs none of it', async () => {
    using place = deploy()
    for (const args of [['status'], ['log'], [...SWAP, '--no-hook'], ['recover', '--no-hook']])
      expect(await attach(args, { cwd: place.path })).toMatchObject({ exit: 0 })
  })
})

describe('a protected deploy', () => {
  const protectedOne = (): Scratch => deploy({ hook: false, more: '    protected: true\n' })

  test.each([
    ['without a word', [], 3],
    ['with -y alone', ['-y'], 3],
    ['with another name', ['--confirm', 'staging'], 3],
    ['with its name', ['--confirm', 'production'], 0],
  ])('%s changes as it should', async (_, more, exit) => {
    using place = protectedOne()
    expect(await attach([...SWAP, ...more], { cwd: place.path })).toMatchObject({ exit })
    expect(place.read()).toBe(exit === 0 ? 'TOKEN=new\n' : OLD)
  })

  test('is protected by whatever name its config is called', async () => {
    using place = protectedOne()
    const ran = await attach([...SWAP, '-y', '-c', './.env'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 3 })
    expect(ran.stderr).toContain('--confirm production')
  })

  test('may be looked at and recovered without its name', async () => {
    using place = protectedOne()
    for (const verb of ['status', 'log', 'recover']) expect(await attach([verb], { cwd: place.path })).toMatchObject({ exit: 0 })
  })
})

describe.runIf(haveTerminal())('on a terminal', () => {
  test('the commands are shown and trusted once, the plan is shown, and the name of a protected deploy is typed', async () => {
    using place = deploy({ more: '    protected: true\n' })
    const first = onTerminal(SWAP, { cwd: place.path })
    await first.see(/for the first time: sh hook\.sh/)
    await first.see(/Trust it\? \[y\/N\] /)
    first.type('y\n')
    await first.see(/plan {3}TOKEN/)
    await first.see(/production is protected\. Type its name to change it: /)
    first.type('production\n')
    expect(await first.ended).toMatchObject({ exit: 0 })
    const second = onTerminal(['undo', 'v1'], { cwd: place.path })
    await second.see(/Type its name to change it: /)
    second.type('yes\n')
    const { exit, screen } = await second.ended
    expect(exit).toBe(3)
    expect(screen).not.toContain('Trust it?')
    expect(place.read()).toBe('TOKEN=new\n')
  })

  test('a no to the question of trust changes nothing and runs nothing', async () => {
    using place = deploy()
    const asked = onTerminal([...SWAP, '-y'], { cwd: place.path })
    await asked.see(/Trust it\? /)
    asked.type('n\n')
    expect(await asked.ended).toMatchObject({ exit: 3 })
    expect([place.read(), toldTo(place), journalOf(place)]).toEqual([OLD, [], []])
  })

  test('the hook is heard while it runs', async () => {
    using place = deploy({ ends: 'echo one; while ! test -e go; do sleep 0.05; done; echo two' })
    const asked = onTerminal([...SWAP, '-y', '--trust'], { cwd: place.path })
    await asked.see(/│ one/)
    place.write('go', '')
    await asked.see(/│ two/)
    expect(await asked.ended).toMatchObject({ exit: 0 })
  })
})

describe('another name of a config', () => {
  test('is the same deploy when it is a hard link of it, or stands in its attach.yaml elsewhere', async () => {
    using place = deploy({ more: '    protected: true\n' })
    linkSync(place.env, place.at('.env.other'))
    mkdirSync(place.at('sub'))
    expect((await attach([...SWAP, '-y', '-c', '.env.other'], { cwd: place.path })).stderr).toContain('--confirm production')
    const ran = await attach([...SWAP, '-y', '-c', '../.env'], { cwd: place.at('sub') })
    expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining('that file is the config of production in ../attach.yaml') })
    expect(ran.stderr).toContain('hint: attach status -C .. -d production')
    expect(place.read()).toBe(OLD)
  })

  test('is the same deploy also where it is the usual one of its own folder', async () => {
    using place = scratch()
    place.write('conf/.env', OLD)
    place.write('conf/.env.live', OLD)
    place.write('attach.yaml', 'deploys: { a: { config: conf/.env, protected: true }, b: { config: conf/.env.live } }\n')
    const ran = await attach([...SWAP, '-y'], { cwd: place.at('conf') })
    expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining('hint: attach status -C .. -d a') })
    expect(await attach([...SWAP, '-y', '-d', 'live'], { cwd: place.at('conf') })).toMatchObject({ exit: 2 })
    expect(place.read('conf/.env')).toBe(OLD)
  })
})
