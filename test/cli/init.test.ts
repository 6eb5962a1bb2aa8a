import { chmodSync, existsSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { adoptable, projectText, writeProject } from '../../src/deploys/project/adopt.ts'
import { projectIn } from '../../src/deploys/project/read.ts'
import { asDocument, attach } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { type Scratch, scratch, treeOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal } from '../support/terminal.ts'

/** A folder with these files, each of which holds a secret. */
function files(...names: readonly string[]): Scratch {
  const place = scratch()
  for (const name of names) place.write(name, `A_URL=redis://:S3cretWord@cache/0\n`)
  return place
}

const PLAIN = `# What attach knows of the deploys of this folder. It holds no secret: keep it with the code.
# A deploy can also have readers, hook, health and on-failure. \`resources:\` tells the kind of a key whose value does not.

# The deploy that is meant where -d names none.
default: local

deploys:
  # Chosen with -d NAME; rename it as you like.
  local:
    # The file of its variables. The path begins in this folder.
    config: .env
  production:
    config: .env.production
    # Nothing changes unless its name is given, typed or with --confirm NAME.
    protected: true
`

describe('attach init, off a terminal', { concurrent: true }, () => {
  test('names what stands here, says each line once, and is read back as it is meant', async () => {
    using place = files('.env', '.env.production', '.env.example', '.env.local.sample')
    const ran = await attach(['init'], { cwd: place.path, umask: '077' })
    expect(ran).toEqual({ exit: 0, stdout: 'attach.yaml names local (.env), production (.env.production, protected)\n', stderr: '' })
    expect(place.read('attach.yaml')).toBe(PLAIN)
    expect(statSync(place.at('attach.yaml')).mode & 0o7777).toBe(0o644)
    expect(readdirSync(place.path).filter((name) => !name.startsWith('.env'))).toEqual(['attach.yaml'])
    expect(await asDocument(['status'], { cwd: place.path })).toMatchObject({
      document: { exit: 0, deploy: 'local', attachments: [{ key: 'A_URL' }] },
    })
    expect(await asDocument(['status', '-d', 'production'], { cwd: place.path })).toMatchObject({
      document: { exit: 0, deploy: 'production' },
    })
  })

  test('one file needs no default', async () => {
    using place = files('.env.staging')
    await attach(['init', '-y'], { cwd: place.path })
    const { usual, deploys } = await projectIn(place.read('attach.yaml'), { path: place.at('attach.yaml'), label: 'attach.yaml' })
    expect({ usual: usual?.name, count: deploys.length }).toEqual({ usual: 'staging', count: 1 })
    expect(place.read('attach.yaml')).not.toContain('default:')
  })

  test('several without a .env have no default: -d was needed before, and is', async () => {
    using place = files('.env.staging', '.env.production')
    await attach(['init'], { cwd: place.path })
    expect(await attach(['status'], { cwd: place.path })).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('production, staging and no default'),
    })
  })

  test('--dry-run prints it and writes nothing', async () => {
    using place = files('.env', '.env.production')
    const before = treeOf(place.path)
    expect(await attach(['init', '--dry-run'], { cwd: place.path })).toEqual({ exit: 0, stdout: PLAIN, stderr: '' })
    expect(await asDocument(['init', '--dry-run'], { cwd: place.path })).toMatchObject({
      stderr: '',
      document: { verb: 'init', exit: 0, outcome: 'planned', message: PLAIN.trimEnd() },
    })
    expect(treeOf(place.path)).toEqual(before)
  })

  test('--json is one document, and -C goes elsewhere', async () => {
    using place = scratch()
    place.write('app/.env', '')
    const made = await asDocument(['init', '-C', 'app'], { cwd: place.path })
    expect(documentSchema.safeParse(made.document).error?.issues ?? []).toEqual([])
    expect(made).toMatchObject({
      stderr: '',
      document: { verb: 'init', deploy: null, exit: 0, outcome: 'changed', error: null, undo: null },
    })
    expect(existsSync(place.at('app/attach.yaml'))).toBe(true)
    expect(await attach(['init', '-C', 'gone'], { cwd: place.path })).toMatchObject({ exit: 2 })
  })

  test.each([
    ['a file', (place: Scratch) => place.write('attach.yaml', 'mine')],
    ['a broken link', (place: Scratch) => symlinkSync('gone', place.at('attach.yaml'))],
    ['an attach.yml', (place: Scratch) => place.write('attach.yml', 'mine')],
  ])('never replaces %s', async (_, put) => {
    using place = files('.env')
    put(place)
    const before = treeOf(place.path)
    for (const line of ['init', 'init -y', 'init --dry-run']) {
      expect(await asDocument(line.split(' '), { cwd: place.path })).toMatchObject({
        document: { exit: 3, outcome: 'refused', error: { code: 'REFUSED', hint: expect.stringMatching(/attach status|mv attach\.yml/) } },
      })
    }
    expect(treeOf(place.path)).toEqual(before)
  })

  test('with nothing to adopt it says how to begin', async () => {
    using place = scratch()
    place.write('.env.example', 'A=1\n')
    expect(await attach(['init'], { cwd: place.path })).toEqual({
      exit: 2,
      stdout: '',
      stderr:
        'attach: no .env file stands here, so there is nothing to adopt; nothing was written\n  hint: attach DATABASE_URL makes a .env and asks for its handle\n',
    })
    expect(readdirSync(place.path)).toEqual(['.env.example'])
  })

  test('copies, keys of other tools and what is no file are left out, and that is said', async () => {
    using place = files('.env', '.env.bak', '.env.keys')
    place.write('.env.d/x', '')
    symlinkSync('gone', place.at('.env.gone'))
    const ran = await attach(['init'], { cwd: place.path })
    expect(ran.stderr).toBe('  Left out, by their names: .env.bak, .env.d, .env.gone, .env.keys.\n')
    expect(ran.stdout).toBe('attach.yaml names local (.env)\n')
  })

  test('a .env that leads to another one is no deploy of its own: the other is the default', async () => {
    using place = files('.env.production', '.env.staging')
    symlinkSync('.env.production', place.at('.env'))
    await attach(['init'], { cwd: place.path })
    const { usual, deploys } = await projectIn(place.read('attach.yaml'), { path: place.at('attach.yaml'), label: 'attach.yaml' })
    expect({ usual: usual?.name, names: deploys.map(({ name }) => name) }).toEqual({
      usual: 'production',
      names: ['production', 'staging'],
    })
  })

  test('takes no words', async () => {
    using place = files('.env')
    expect(await attach(['init', 'production'], { cwd: place.path })).toMatchObject({ exit: 2 })
  })

  test.skipIf(process.getuid?.() !== 0)('a folder that may not be written is exit 6, and nothing is left in it', async () => {
    using place = files('.env')
    chmodSync(place.path, 0o755)
    const ran = await attach(['init'], { cwd: place.path, uid: 65_534 })
    expect(ran).toMatchObject({ exit: 6, stderr: expect.stringContaining('attach.yaml could not be written: EACCES; nothing was changed') })
    expect(readdirSync(place.path)).toEqual(['.env'])
  })
})

describe('what would be written', () => {
  const HERE = { path: '/srv/app/attach.yaml', label: 'attach.yaml' }

  test.each([
    ['.env.local', '.env', ['local-2', 'local']],
    ['.env.my prod', '.env.my,prod', ['my-prod', 'my-prod-2']],
    ['.env.true', '.env.42', ['42', 'true']],
    ["it's: #odd\u0085\u2028", '.env.x', []],
  ])('%j and %j are named apart, and read back', async (one, two, names) => {
    using place = files(one, two)
    const adoption = adoptable(place.path)
    if (names.length > 0) expect(adoption.deploys.map(({ name }) => name).sort()).toEqual([...names].sort())
    const { deploys } = await projectIn(projectText(adoption), { path: place.at('attach.yaml'), label: 'attach.yaml' })
    expect(deploys.map(({ name, path }) => [name, path])).toEqual(adoption.deploys.map(({ name, config }) => [name, place.at(config)]))
  })

  test.each([
    'systemctl restart app',
    'yes',
    'null',
    '- x',
    'a: b # c',
    "echo 'it\\'s' && \"done\"",
    '  ',
    '.5',
    '@x \u0085 \u2028 \ufeff ü 😀',
  ])('a hook %j is read back as it was typed', async (hook) => {
    const url = 'http://127.0.0.1:8080/healthz?a=1&b={x},[y]'
    const text = projectText({ deploys: [{ name: 'a', config: '.env', protected: false, hook, url }], usual: null, leftOut: [] })
    if (hook.trim() === '') return void (await expect(projectIn(text, HERE)).rejects.toThrow('blank'))
    const { deploys } = await projectIn(text, HERE)
    expect(deploys[0]?.declared).toMatchObject({ hook: { run: hook }, health: { check: { url } } })
  })

  test('a file that comes meanwhile is not replaced, and no other is left', () => {
    using place = scratch()
    place.write('attach.yaml', 'mine')
    const host = { random: () => 'ab', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    expect(() => writeProject(place.path, PLAIN, host)).toThrow('an attach.yaml stands here already; nothing was changed')
    expect(readdirSync(place.path)).toEqual(['attach.yaml'])
    expect(place.read('attach.yaml')).toBe('mine')
  })
})

const CTRL_C = '\x03'
const CTRL_D = '\x04'

describe.runIf(haveTerminal())('attach init, on a terminal', { concurrent: true }, () => {
  test('shows what it would write, asks one thing at a time, and writes what was answered', async () => {
    using place = files('.env', '.env.production')
    const terminal = onTerminal(['init'], { cwd: place.path })
    await terminal.see(/config: \.env\.production\n[^?]*protected: true\n/)
    await terminal.see(/local \(\.env\): .*\[y\/N\] $/)
    terminal.type('\r')
    await terminal.see(/local: command .*: $/)
    terminal.type('\r')
    await terminal.see(/local: address .*: $/)
    terminal.type('\r')
    await terminal.see(/production \(\.env\.production\): .*\[Y\/n\] $/)
    terminal.type('maybe\r')
    await terminal.see(/expected y or n\n.*\[Y\/n\] $/)
    terminal.type('\r')
    await terminal.see(/production: command .*: $/)
    terminal.type('curl http://app:S3cret@host/\r')
    await terminal.see(/a password has no place in attach\.yaml.*\n.*production: command .*: $/)
    terminal.type('systemctl restart app\r')
    await terminal.see(/production: address .*: $/)
    terminal.type('localhost:8080\r')
    await terminal.see(/expected an http or https address.*\n.*production: address .*: $/)
    terminal.type('http://127.0.0.1:8080/healthz\r')
    await terminal.see(/health: \{ url: "http:\/\/127\.0\.0\.1:8080\/healthz" \}\n/)
    await terminal.see(/Write attach\.yaml\? \[Y\/n\] $/)
    expect(existsSync(place.at('attach.yaml'))).toBe(false)
    terminal.type('\r')
    expect(await terminal.ended).toMatchObject({ exit: 0 })
    expect(
      place.read('attach.yaml'),
    ).toBe(`${PLAIN}    # Run after a change, so that the app picks it up: a text through sh -c, a list without a shell.
    hook: systemctl restart app
    # Asked after the hook. What the app does not settle on is put back.
    health: { url: "http://127.0.0.1:8080/healthz" }
`)
  })

  test.each([
    ['Ctrl-C at the first question', [CTRL_C], 130],
    ['Ctrl-D at the first question', [CTRL_D], 3],
    ['Ctrl-C at the second', ['\r', CTRL_C], 130],
    ['Ctrl-D at the third', ['\r', '\r', CTRL_D], 3],
    ['n at the end', ['\r', '\r', '\r', 'n\r'], 3],
    ['Ctrl-D at the end', ['\r', '\r', '\r', CTRL_D], 3],
    ['Ctrl-C at the end', ['\r', '\r', '\r', CTRL_C], 130],
  ])('%s writes nothing', async (_, keys, exit) => {
    using place = files('.env')
    const before = treeOf(place.path)
    const terminal = onTerminal(['init'], { cwd: place.path })
    for (const key of keys) {
      await terminal.see(/(\[y\/N\]|\[Y\/n\]|none\):) $/)
      terminal.type(key)
    }
    expect(await terminal.ended).toMatchObject({ exit })
    expect(treeOf(place.path)).toEqual(before)
  })

  test('asks about many deploys, and nothing but its questions stands on the screen', async () => {
    using place = files('.env', ...['a', 'b', 'c', 'd', 'e'].map((name) => `.env.${name}`))
    const terminal = onTerminal(['init'], { cwd: place.path })
    for (let question = 1; question <= 19; question += 1) {
      await terminal.see(/(\[y\/N\]|\[Y\/n\]|none\):) $/)
      terminal.type('\r')
    }
    const { exit, screen } = await terminal.ended
    expect(exit).toBe(0)
    expect(screen).not.toMatch(/warning|node:/i)
  })

  test.each([['-y'], ['--no-input'], ['--dry-run']])('%s asks nothing', async (option) => {
    using place = files('.env')
    const ran = await onTerminal(['init', option], { cwd: place.path }).ended
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.screen).not.toContain('?')
    expect(existsSync(place.at('attach.yaml'))).toBe(option !== '--dry-run')
  })
})
