import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withConfig } from '../../src/cli/commands/exec.ts'
import type { Key } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import { attach, begin, programOf } from '../support/cli.ts'
import { eventually } from '../support/processes.ts'
import { reopen, scratch, treeOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal } from '../support/terminal.ts'

const CTRL_C = '\x03'
const CTRL_Z = '\x1a'
const CTRL_BACKSLASH = '\x1c'
const NODE = process.execPath
const ATTACH = `'${NODE}' '${programOf('attach')}'`

/** A program that writes its environment as JSON. */
const TELL = [NODE, '-e', 'console.log(JSON.stringify(process.env))']

/** A program that says each signal it hears, and ends with 3 on `last`. */
const hearing = (last: string): readonly string[] => [
  NODE,
  '-e',
  `for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'])
    process.on(name, () => { console.log(name); if (name === '${last}') setTimeout(() => process.exit(3), 300) })
  setInterval(() => {}, 1000)
  console.log('ready')`,
]

/** Runs attach in a session of its own: no terminal reaches it. */
function apart(place: { readonly path: string }, args: readonly string[]): { readonly child: ChildProcess; said(): string } {
  const child = spawn(NODE, [programOf('attach'), 'exec', '--', ...args], {
    cwd: place.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: place.path },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { child, said: () => text }
}

const seen = (said: () => string, word: string): Promise<void> =>
  eventually(word, async () => {
    if (!said().includes(word)) throw new Error(said())
  })

describe('a command run with exec', { concurrent: true }, () => {
  test('has the config in its environment, which wins over that of the caller, and the rest as the caller had it', async () => {
    using place = scratch('A=from config\nEMPTY=\nTWICE=1\nTWICE=2\nREFERS="$A and $HOME"\nLINES="one\ntwo"\nodd.key-name=x\nDEBUG=mine\n')
    const env = { A: 'from caller', EMPTY: 'full', MINE: 'kept', DEBUG: '*', NODE_DEBUG: 'nothing', NODE_DEBUG_NATIVE: '' }
    const { stdout, stderr, exit } = await attach(['exec', '--', ...TELL], { cwd: place.path, env })
    expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 })
    expect(JSON.parse(stdout)).toEqual({
      ...env,
      PATH: process.env['PATH'],
      HOME: place.path,
      A: 'from config',
      EMPTY: '',
      TWICE: '2',
      REFERS: '$A and $HOME',
      LINES: 'one\ntwo',
      'odd.key-name': 'x',
      DEBUG: 'mine',
    })
  })

  test('finds RES_OPTIONS as the caller had it: set, or not', async () => {
    using place = scratch('A=1\n')
    const bare = await attach(['exec', '--', ...TELL], { cwd: place.path })
    expect(JSON.parse(bare.stdout)).not.toHaveProperty('RES_OPTIONS')
    const set = await attach(['exec', '--', ...TELL], { cwd: place.path, env: { RES_OPTIONS: 'ndots:2' } })
    expect(JSON.parse(set.stdout)).toMatchObject({ RES_OPTIONS: 'ndots:2' })
  })

  test('is looked for in the PATH that it gets', async () => {
    using place = scratch()
    place.write('bin/hello', '#!/bin/sh\necho hello\n')
    chmodSync(place.at('bin/hello'), 0o755)
    place.write('.env', `PATH=${place.at('bin')}\n`)
    expect(await attach(['exec', '--', 'hello'], { cwd: place.path })).toEqual({ exit: 0, stdout: 'hello\n', stderr: '' })
  })

  test.each([
    ['exit 0', 0],
    ['exit 1', 1],
    ['exit 8', 8],
    ['exit 255', 255],
  ])('"%s" makes %i the exit', async (script, exit) => {
    using place = scratch('A=1\n')
    expect(await attach(['exec', '--', 'sh', '-c', script], { cwd: place.path })).toEqual({ exit, stdout: '', stderr: '' })
  })

  test('gets its words as they stand, options of ours and a second -- too', async () => {
    using place = scratch('A=1\n')
    const { stdout } = await attach(['exec', '-q', '--', 'printf', '%s|', '--json', '-q', '--', 'a b', '', '$A'], { cwd: place.path })
    expect(stdout).toBe('--json|-q|--|a b||$A|')
  })

  test('reads our input and writes our output, megabytes of both, byte by byte', async () => {
    using place = scratch('A=1\n')
    const input = Buffer.alloc(3_000_000, 'every byte ').toString()
    const { stdout, exit } = await attach(['exec', '--', 'cat'], { cwd: place.path, input })
    expect({ exit, isSame: stdout === input }).toEqual({ exit: 0, isSame: true })
  })

  test('runs where attach runs, or in the directory of -C', async () => {
    using place = scratch('A=1\n')
    place.write('deeper/.env', 'A=2\n')
    const line = ['exec', '--', 'sh', '-c', 'pwd -P; echo $A']
    expect((await attach(line, { cwd: place.path })).stdout).toBe(`${place.path}\n1\n`)
    expect((await attach(['-C', 'deeper', ...line], { cwd: place.path })).stdout).toBe(`${place.at('deeper')}\n2\n`)
  })

  test('leaves nothing behind', async () => {
    using place = scratch('A=1\n')
    const untouched = treeOf(place.path)
    expect(await attach(['exec', '--', 'true'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test.each([
    ['is not there', ['no-such-program'], 127, '"no-such-program" was not found'],
    ['is not there, by a path that may be a secret', ['/no/such/program'], 127, 'the command was not found'],
    ['is a folder', ['/'], 126, 'the command is not executable'],
    ['is a file that is not executable', ['./.env'], 126, 'the command is not executable'],
  ])('that %s', async (_, words, exit, message) => {
    using place = scratch('A=1\n')
    const ran = await attach(['exec', '--', ...words], { cwd: place.path })
    expect(ran).toMatchObject({ exit, stdout: '' })
    expect(ran.stderr).toMatch(/^attach: .*; nothing was run\n {2}hint: \S.*\n$/)
    expect(ran.stderr).toContain(message)
  })

  test('that gets a longer value than the system hands on is 126', async () => {
    using place = scratch(`A=${'x'.repeat(140_000)}\n`)
    const ran = await attach(['exec', '--', 'true'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 126, stdout: '' })
    expect(ran.stderr).toContain('"true" cannot be run: its arguments and variables are more than the system takes; nothing was run')
  })

  test('is not run with a value that no environment carries as it is', async () => {
    using place = scratch()
    place.write('.env', Buffer.from('A=\xff\xfe\n', 'latin1'))
    const ran = await attach(['exec', '--', 'touch', 'ran'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 2, stdout: '' })
    expect(ran.stderr).toContain('A cannot be a variable of a command: it is not UTF-8 text; nothing was run')
    expect(readdirSync(place.path)).toEqual(['.env'])
  })

  test('is not run without a config', async () => {
    using place = scratch()
    expect(await attach(['exec', '-d', 'production', '--', 'touch', 'ran'], { cwd: place.path })).toMatchObject({ exit: 2 })
    expect(readdirSync(place.path)).toEqual([])
  })

  test('is run while an operation is open, which is said, but not with -q', async () => {
    using place = scratch('REDIS_URL=redis://one.test/0\n')
    expect(await attach(['swap', 'REDIS_URL=redis://two.test/0', '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
    reopen(place, 'REDIS_URL=redis://two.test/0\n')
    const untouched = treeOf(place.path)
    const ran = await attach(['exec', '--', 'sh', '-c', 'echo $REDIS_URL'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 0, stdout: 'redis://two.test/0\n' })
    expect(ran.stderr).toMatch(/^ {2}A swap of REDIS_URL by .* is open since .*; the command gets what stands now\.\n$/)
    expect(await attach(['exec', '-q', '--', 'true'], { cwd: place.path })).toEqual({ exit: 0, stdout: '', stderr: '' })
    expect(treeOf(place.path)).toEqual(untouched)
  })

  test('alone holds the values: the process of attach has them neither in its environment nor in its command line', async () => {
    using place = scratch('TOKEN=zq7xwk9vpj3m\n')
    const run = begin(['exec', '--', 'sleep', '30'], { cwd: place.path })
    const read = (pid: number | string, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1')
    const child = await eventually('a child', async () => {
      const pid = read(run.pid, `task/${run.pid}/children`).trim()
      if (!read(pid, 'environ').includes('TOKEN=zq7xwk9vpj3m')) throw new Error('not yet')
      return pid
    })
    expect(read(child, 'cmdline')).toBe('sleep\u000030\u0000')
    for (const file of ['environ', 'cmdline']) expect(read(run.pid, file)).not.toContain('zq7x')
    run.kill('SIGTERM')
    expect(await run.ended).toMatchObject({ exit: null, signal: 'SIGTERM' })
  })
})

describe('a signal', { concurrent: true }, () => {
  test('sent to attach reaches the command once, and attach stays until it ends', async () => {
    using place = scratch('A=1\n')
    const { child, said } = apart(place, hearing('SIGTERM'))
    await seen(said, 'ready')
    const names = ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTERM'] as const
    for (const name of names) {
      child.kill(name)
      await seen(said, name)
    }
    expect(await once(child, 'exit')).toEqual([3, null])
    expect(said()).toBe(`ready\n${names.join('\n')}\n`)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL', 'SIGUSR1'] as const)(
    '%s that ends the command ends attach too, for its parent to see',
    async (name) => {
      using place = scratch('A=1\n')
      const { child } = apart(place, ['sh', '-c', `kill -${name.slice(3)} $$`])
      expect(await once(child, 'exit')).toEqual([null, name])
    },
  )

  test.each([
    ['SIGQUIT', 131],
    ['SIGABRT', 134],
    ['SIGSEGV', 139],
  ] as const)('%s, which leaves an image of the memory, is %i: ours holds secrets', async (name, exit) => {
    using place = scratch('A=1\n')
    const { child } = apart(place, ['sh', '-c', `ulimit -c 0; kill -${name.slice(3)} $$`])
    expect(await once(child, 'exit')).toEqual([exit, null])
  })

  test('to a shell the end by a signal is 128 and its number', async () => {
    using place = scratch('A=1\n')
    const shell = spawn('/bin/sh', ['-c', `${ATTACH} exec -- sh -c 'kill -TERM $$'; echo "code $?"`], {
      cwd: place.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    shell.stdout.on('data', (chunk) => {
      said += chunk
    })
    await once(shell, 'close')
    expect(said).toBe('code 143\n')
  })

  test('SIGKILL of attach leaves the command running: nobody is told of it', async () => {
    using place = scratch('A=1\n')
    const { child, said } = apart(place, [NODE, '-e', 'console.log(process.pid); setTimeout(() => {}, 20_000)'])
    await seen(said, '\n')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const pid = Number(said())
    expect(() => process.kill(pid, 0)).not.toThrow()
    process.kill(pid, 'SIGKILL')
  })
})

describe.runIf(haveTerminal())('a command on a terminal', { concurrent: true }, () => {
  test('has the terminal on all three streams, with its size', async () => {
    using place = scratch('A=1\n')
    const script = 'test -t 0 && test -t 1 && test -t 2 && stty size && ps -o pgid= -p $$ -p $PPID | uniq | wc -l'
    const { exit, screen } = await onTerminal(['exec', '--', 'sh', '-c', script], { cwd: place.path, columns: 97 }).ended
    expect({ exit, screen: screen.replaceAll(' ', '') }).toEqual({ exit: 0, screen: '2497\n1\n' })
  })

  test.each([
    ['Ctrl-C', CTRL_C, 'SIGINT'],
    ['Ctrl-\\', CTRL_BACKSLASH, 'SIGQUIT'],
  ])('hears %s once', async (_, typed, name) => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['exec', '--', ...hearing(name)], { cwd: place.path })
    await terminal.see(/ready/)
    terminal.type(typed)
    const { exit, screen } = await terminal.ended
    expect({ exit, heard: screen.match(/SIG\w+/g) }).toEqual({ exit: 3, heard: [name] })
  })

  test('that Ctrl-C ends is 130', async () => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['exec', '--', 'sh', '-c', 'echo ready; exec sleep 30'], { cwd: place.path })
    await terminal.see(/ready/)
    terminal.type(CTRL_C)
    expect(await terminal.ended).toMatchObject({ exit: 130 })
  })

  test('may ask and is answered', async () => {
    using place = scratch('A=1\n')
    const terminal = onTerminal(['exec', '--', 'sh', '-c', 'printf "Name? "; read name; echo "hello $name"'], { cwd: place.path })
    await terminal.see(/Name\? $/)
    terminal.type('eve\r')
    expect(await terminal.ended).toMatchObject({ exit: 0, screen: expect.stringContaining('hello eve') })
  })

  test('is stopped by Ctrl-Z and goes on with fg, as a job of a shell', async () => {
    using place = scratch('A=1\n')
    const inner = `${ATTACH} exec -- sh -c 'echo ready; read line; echo "got $line"'; echo "code $?"; fg; echo "code $?"`
    const terminal = onTerminal(['exec', '--', 'bash', '-mc', inner], { cwd: place.path })
    await terminal.see(/ready/)
    terminal.type(CTRL_Z)
    await terminal.see(/code 148/)
    terminal.type('on\r')
    await terminal.see(/got on/)
    await terminal.see(/code 0/)
    expect(await terminal.ended).toMatchObject({ exit: 0 })
  })
})

describe('the environment of a command', () => {
  const of = (key: string, value: string) => () => withConfig({}, new Map([[key as Key, new Secret(value)]]))

  test.each([
    ['an empty name', '', 'x'],
    ['a name with "="', 'A=B', 'x'],
    ['a name with NUL', 'A\0B', 'x'],
    ['a value with NUL', 'A', 'zq7x\0y'],
    ['a value with a byte that is no UTF-8', 'A', 'zq7x\udcff'],
    ['half a character', 'A', 'zq7x\ud800'],
  ])('refuses %s, and tells nothing of the value', (_, key, value) => {
    try {
      of(key, value)()
      expect.fail('was taken')
    } catch (error) {
      if (!isAttachError(error, 'CONFIG_INVALID')) throw error
      expect(error.message).not.toContain('zq7x')
    }
  })

  test('carries any other text', () => {
    expect(of('__proto__', 'ünï 🙂\n=')()).toEqual(Object.fromEntries([['__proto__', 'ünï 🙂\n=']]))
  })
})
