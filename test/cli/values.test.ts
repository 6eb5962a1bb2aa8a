import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asDocument, attach, begin, programOf, type Ran } from '../support/cli.ts'
import { eventually, findProgram } from '../support/processes.ts'
import { type Scratch, scratch, treeOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal } from '../support/terminal.ts'

const ONE = 'redis://one.test:6379/0'
const TWO = 'redis://app:zq7xwk9vpj3m@two.test:6379/0'
const CTRL_C = '\x03'

/** A line of bash with `attach` in it, which has process substitution. */
async function bash(place: Scratch, line: string): Promise<Ran> {
  const script = `attach() { '${process.execPath}' '${programOf('attach')}' "$@"; }\n${line}`
  const child = spawn('bash', ['-c', script], {
    cwd: place.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: place.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [exit] = await once(child, 'close')
  return { exit, stdout, stderr }
}

const fifo = (place: Scratch): string => {
  execFileSync('mkfifo', [place.at('pipe')])
  return place.at('pipe')
}

/** The value is written, the change is made. */
async function gives(place: Scratch, args: readonly string[], value: string, input = ''): Promise<Ran> {
  const ran = await attach([...args, '-y', '--kind', 'opaque'], { cwd: place.path, input })
  expect(ran).toMatchObject({ exit: 0 })
  expect(place.read()).toBe(`A=${value}\n`)
  return ran
}

/** Nothing is changed, and nothing of the value, of a path or of a command is told. */
async function refuses(place: Scratch, args: readonly string[], exit: number, message: RegExp): Promise<Ran> {
  const untouched = treeOf(place.path)
  const ran = await attach([...args, '--no-probe', '-y'], { cwd: place.path })
  expect(ran).toMatchObject({ exit, stdout: '' })
  expect(ran.stderr).toMatch(message)
  expect(ran.stderr).toMatch(/\n {2}hint: \S/)
  expect(ran.stderr).not.toMatch(/zq7x|\/secret/)
  expect(treeOf(place.path)).toEqual(untouched)
  return ran
}

describe('a value from a file', { concurrent: true }, () => {
  test.each([
    ['without its final line feed', 'one\n', [], 'one'],
    ['without its final CRLF', 'one\r\n', [], 'one'],
    ['without one line end and no more', "'\n'\n", [], `"'\n'"`],
    ['as it is with --raw', 'one\n', ['--raw'], `"one\n"`],
    ['as it is without a line end', 'one', [], 'one'],
  ])('is taken %s', async (_, text, options, value) => {
    using place = scratch('')
    place.write('secret', text)
    await gives(place, ['--from-file', 'A=secret', ...options], value)
  })

  test('may be of a path with commas, with "=" and with blanks', async () => {
    using place = scratch('')
    place.write('a,b=c d', 'one\n')
    await gives(place, ['--from-file', 'A=a,b=c d'], 'one')
  })

  test('is looked for from the directory of -C on, as after a cd', async () => {
    using place = scratch()
    place.write('deeper/.env', '')
    place.write('deeper/secret', 'one\n')
    await attach(['-C', 'deeper', '--from-file', 'A=secret', '--kind', 'opaque'], { cwd: place.path })
    expect(place.read('deeper/.env')).toBe('A=one\n')
  })

  test('of standard input is that, whatever stands there', async () => {
    using place = scratch('')
    for (const name of ['/dev/stdin', '/dev/fd/0', '-'])
      await gives(place, ['--from-file', `A=${name}`], name.slice(0, 4), name.slice(0, 4))
  })

  test('comes through a pipe of the shell, also in parts and late', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const ran = await bash(place, `attach swap --from-file A_URL=<(printf redis://; sleep 0.3; echo two.test) --no-probe`)
    expect(ran).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('A_URL=redis://two.test\n')
  })

  test('through a pipe of the shell that gives nothing is refused at once', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const begun = performance.now()
    const ran = await bash(place, 'attach swap --from-file A_URL=<(false) --no-probe')
    expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining('the value for A_URL is empty') })
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test('comes through a named pipe, whose writer is waited for', async () => {
    using place = scratch('')
    const path = fifo(place)
    const run = begin(['--from-file', `A=${path}`, '--kind', 'opaque'], { cwd: place.path })
    await eventually('it waits', async () => {
      if (!readFileSync(`/proc/${run.pid}/task/${run.pid}/children`)) throw new Error('it is gone')
      const fds = execFileSync('ls', ['-l', `/proc/${run.pid}/fd`], { encoding: 'utf8' })
      if (!fds.includes(path)) throw new Error('not yet')
    })
    await bash(place, `printf 'one\\n' > '${path}'`)
    expect(await run.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('A=one\n')
  })

  test('through a pipe that nobody writes to is refused when the time is over, and a signal ends the wait', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const path = fifo(place)
    await refuses(place, ['--from-file', `A_URL=${path}`, '--timeout', '300ms'], 3, /0\.3 s passed before the write \(--timeout\)/)
    const run = begin(['--from-file', `A_URL=${path}`, '--no-probe'], { cwd: place.path })
    await eventually('it waits', async () => {
      if (!execFileSync('ls', ['-l', `/proc/${run.pid}/fd`], { encoding: 'utf8' }).includes(path)) throw new Error('not yet')
    })
    run.kill('SIGTERM')
    expect(await run.ended).toMatchObject({ exit: 143 })
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test.each([
    ['is not there', 'A_URL=/secret/zq7x', /the file for A_URL does not exist; nothing was contacted/],
    ['is not there, and has a name fit to print', 'A_URL=nothing', /nothing, the file for A_URL, does not exist/],
    ['is a folder', 'A_URL=/', /the file for A_URL is a directory/],
    ['is a device', 'A_URL=/dev/zero', /the file for A_URL is neither a file nor a pipe/],
    ['is empty', 'A_URL=./empty', /the value for A_URL is empty, and an empty value would wipe it/],
    ['holds a line end alone', 'A_URL=./blank', /the value for A_URL is empty/],
    ['is too long', 'A_URL=./long', /the file for A_URL has more than 1048576 bytes/],
    ['is no UTF-8', 'A_URL=./latin', /the file for A_URL is not UTF-8 text/],
    ['holds NUL', 'A_URL=./nul', /the file for A_URL holds a NUL byte/],
  ])('that %s is exit 2', async (_, pair, message) => {
    using place = scratch(`A_URL=${ONE}\n`)
    place.write('empty', '')
    place.write('blank', '\n')
    place.write('long', 'zq7x'.repeat(300_000))
    place.write('latin', Buffer.from('zq7x\xff', 'latin1'))
    place.write('nul', 'zq7x\0')
    await refuses(place, ['--from-file', pair], 2, message)
  })
})

test.each([
  ['a swap', ['swap'], 'attach swap A_URL=- -d review reads it from stdin'],
  ['an attach', [], 'attach A_URL=- -d review reads it from stdin'],
])('the hint of %s leads to the same command', async (_, verb, hint) => {
  using place = scratch()
  place.write('.env.review', `A_URL=${ONE}\n`)
  for (const from of ['--from-file=A_URL=nothing', '--from-command=A_URL=exit 1'])
    expect((await attach([...verb, from, '-d', 'review'], { cwd: place.path })).stderr).toContain(`hint: ${hint}\n`)
})

test('a mistyped key whose parts are to be replaced is told with the nearest one', async () => {
  using place = scratch('DATABASE_URL=postgres://db.test/app\nEMPTY_URL=\n')
  const swap = async (key: string) => (await attach(['swap', key, '--name', 'x'], { cwd: place.path })).stderr
  expect(await swap('DATABSE_URL')).toContain('DATABSE_URL holds nothing in .env (did you mean DATABASE_URL?); nothing was changed')
  expect(await swap('EMPTY_URL')).toContain('EMPTY_URL holds nothing in .env; nothing was changed')
})

describe('a value from a command', { concurrent: true }, () => {
  test('is what it prints, less one line end', async () => {
    using place = scratch('')
    await gives(place, ['--from-command', "A=printf 'o,n=e\\n'"], 'o,n=e')
    await gives(place, ['--from-command', "A=printf 'two\\n\\n'"], '"two\n"')
    await gives(place, ['--from-command', "A=printf 'three\\n'", '--raw'], '"three\n"')
  })

  test('has the environment of the caller, the directory of -C, and an empty input', async () => {
    using place = scratch()
    mkdirSync(place.at('deeper'))
    place.write('deeper/.env', '')
    const run = 'A=echo "$DEBUG $RES_OPTIONS $(basename "$PWD") $(cat)."'
    const env = { DEBUG: 'loud' }
    const ran = await attach(['-C', 'deeper', '--from-command', run, '--kind', 'opaque'], { cwd: place.path, env, input: 'not for it' })
    expect(ran).toMatchObject({ exit: 0 })
    expect(place.read('deeper/.env')).toBe("A='loud  deeper .'\n")
  })

  test('is made in the order of the line, one after another', async () => {
    using place = scratch('')
    const args = ['--from-command', 'B=echo b | tee first', '--from-file', 'A=first', '--from-command', 'C=cat first; rm first']
    expect(await attach([...args, '--kind', 'opaque'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('B=b\nA=b\nC=b\n')
  })

  test('is known before its errors are shown, which are made harmless', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const run = `A_URL=printf 'note \\033[31m ${TWO}\\n::error::x\\nlast' >&2; echo ${TWO}`
    const ran = await attach(['swap', '--from-command', run, '--no-probe'], { cwd: place.path })
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stderr).toMatch(/^ {2}command │ note {2}•••\n {2}command │ : :error::x\n {2}command │ last\n/)
    expect(ran.stdout + ran.stderr).not.toContain('zq7x')
    const quiet = await attach(['swap', '-q', '--from-command', `A_URL=echo note >&2; echo ${ONE}`, '--no-probe'], { cwd: place.path })
    expect(quiet).toMatchObject({ exit: 0, stderr: '' })
  })

  test('prints one document with --json, whatever it says itself', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const { document, stderr } = await asDocument(['--from-command', 'A_URL=echo note >&2; exit 1'], { cwd: place.path })
    expect({ stderr, document }).toMatchObject({ stderr: '', document: { exit: 2, outcome: 'unchanged', error: { code: 'USAGE' } } })
  })

  test('shows no secret of the config in what it says', async () => {
    using place = scratch('A_URL=redis://u:OLDs3cretPW@a.test/0\nAPI_PW=Winter-2024!\n')
    const from = "A_URL=echo 'no redis://u:OLDs3cretPW@a.test, nor Winter-2024!' >&2; exit 3"
    const ran = await attach(['swap', '--from-command', from], { cwd: place.path })
    expect(ran.exit).toBe(2)
    expect(ran.stderr).toContain('command │ no')
    expect(ran.stderr).not.toMatch(/OLDs3cret|Winter/)
  })

  test('that says more than fits is cut short', async () => {
    using place = scratch('')
    const ran = await gives(place, ['--from-command', 'A=yes word | head -c 300000 >&2; echo one'], 'one')
    expect(ran.stderr.length).toBeLessThan(400_000)
    expect(ran.stderr).toContain('  command │ … and more, which is not shown\n')
  })

  test.each([
    [
      'fails',
      'A_URL=echo zq7xwk9v; exit 7',
      2,
      /the command for A_URL ended with exit 7, and what it printed is not used; nothing was contacted/,
    ],
    ['is not there', 'A_URL=no-such-program', 2, /the command for A_URL ended with exit 127/],
    ['is killed', 'A_URL=echo zq7xwk9v; kill -9 $$', 2, /the command for A_URL was ended by SIGKILL/],
    ['prints nothing', 'A_URL=true', 2, /the value for A_URL is empty/],
    ['prints without end', 'A_URL=yes zq7xwk9v', 2, /the command for A_URL printed more than 1048576 bytes/],
    ['prints what is no UTF-8', "A_URL=printf '\\377'", 2, /what the command for A_URL printed is not UTF-8 text/],
    ['prints NUL', "A_URL=printf '\\000'", 2, /what the command for A_URL printed holds a NUL byte/],
  ])('that %s changes nothing', async (_, pair, exit, message) => {
    using place = scratch(`A_URL=${ONE}\n`)
    await refuses(place, ['--from-command', pair], exit, message)
  })

  test('that does not end is ended with all that it started', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const run = `A_URL=echo $$ > ${place.path}/../pid-${process.pid}; sleep 87.5 | cat; true`
    const note = `${place.path}/../pid-${process.pid}`
    await refuses(place, ['--from-command', run, '--timeout', '1500ms'], 3, /1\.5 s passed before the write \(--timeout\)/)
    const pid = Number(readFileSync(note, 'utf8'))
    execFileSync('rm', [note])
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect(sleeping('87.5')).toEqual([])
  })

  test('is ended by the signal that ends attach, and nothing is changed', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const run = begin(['swap', '--from-command', 'A_URL=touch begun; sleep 88.5; echo x', '--no-probe'], { cwd: place.path })
    await eventually('it runs', async () => {
      if (!existsSync(place.at('begun'))) throw new Error('not yet')
    })
    run.kill('SIGINT')
    expect(await run.ended).toMatchObject({ exit: 130, stderr: expect.stringContaining('interrupted before anything was changed') })
    expect(sleeping('88.5')).toEqual([])
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test('is not waited for longer than what it prints: a process that it leaves behind may go on', async () => {
    using place = scratch('')
    const begun = performance.now()
    await gives(place, ['--from-command', 'A=sleep 4 >/dev/null & echo one'], 'one')
    expect(performance.now() - begun).toBeLessThan(4_000)
  })
})

describe.runIf(haveTerminal())('a command for a value, on a terminal', { concurrent: true }, () => {
  test('may ask there, and what it says is seen at once', async () => {
    using place = scratch('')
    const run = 'A=echo "Code?" >&2; read code </dev/tty; echo "got-$code"'
    const terminal = onTerminal(['--from-command', run, '--kind', 'opaque'], { cwd: place.path })
    await terminal.see(/command │ Code\?/)
    terminal.type('1234\r')
    expect(await terminal.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe('A=got-1234\n')
  })

  test('is ended by Ctrl-C, and nothing is changed', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const terminal = onTerminal(['swap', '--from-command', 'A_URL=echo begun >&2; sleep 89.5; echo x'], { cwd: place.path })
    await terminal.see(/begun/)
    terminal.type(CTRL_C)
    expect(await terminal.ended).toMatchObject({ exit: 130 })
    expect(sleeping('89.5')).toEqual([])
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })
})

describe.runIf(haveTerminal())('the question of a swap', () => {
  test('shows what is kept', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const terminal = onTerminal(['swap', 'A_URL=redis://new.test/0', '--no-probe', '--keep-old'], { cwd: place.path })
    const screen = await terminal.see(/\[y\/N\]/)
    expect(screen).toMatch(/plan {3}A_URL {2}.*\n {2}plan {3}A_URL_OLD → redis:\/\/one\.test:6379\/0 \(kept\)/)
    terminal.type('n\r')
    expect(await terminal.ended).toMatchObject({ exit: 3 })
  })
})

describe('the old handle', { concurrent: true }, () => {
  const dead = 'redis://127.0.0.1:1/0'

  test('stays under KEY_OLD with --keep-old: shown in the plan, the result, the log and the document', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    const how = { cwd: place.path }
    const args = ['swap', `A_URL=${dead}`, '--no-probe', '--keep-old']
    const planned = await attach([...args, '--dry-run'], how)
    expect(planned.stdout).toBe(`would change: A_URL  ${ONE} → ${dead}\nwould change: A_URL_OLD → ${ONE} (kept)\n`)
    const ran = await attach(args, how)
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stdout).toContain(`v1: A_URL_OLD → ${ONE} (kept)   (.env)\n`)
    expect(place.read()).toBe(`A_URL=${dead}\nA_URL_OLD=${ONE}\n`)
    expect((await attach(['log'], how)).stdout).toContain(`    A_URL_OLD → ${ONE} (kept)\n`)
    expect((await asDocument(['log', '--reveal'], how)).document.releases?.[0]?.changes[1]).toEqual({
      key: 'A_URL_OLD',
      from: null,
      to: ONE,
      kept: true,
    })
    const { document } = await asDocument(['undo', '--no-probe'], how)
    expect(document.changes).toMatchObject([
      { key: 'A_URL', to: ONE },
      { key: 'A_URL_OLD', from: ONE, to: null, kept: true },
    ])
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test('stays under the key of --keep-old-as, also of parts', async () => {
    using place = scratch(`A_URL=${ONE}\n`)
    expect(
      await attach(['swap', 'A_URL', '--host', 'new.test', '--no-probe', '--keep-old-as', 'B_URL'], { cwd: place.path }),
    ).toMatchObject({
      exit: 0,
    })
    expect(place.read()).toBe(`A_URL=redis://new.test:6379/0\nB_URL=${ONE}\n`)
  })

  test('trades places with the new one, when that is the kept one', async () => {
    using place = scratch(`A_URL=${ONE}\nA_URL_OLD=${dead}\n`)
    const back = ['swap', '--from-key', 'A_URL=A_URL_OLD', '--no-probe', '--keep-old']
    expect(await attach(back, { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`A_URL=${dead}\nA_URL_OLD=${ONE}\n`)
    expect(await attach(back, { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`A_URL=${ONE}\nA_URL_OLD=${dead}\n`)
  })

  test('is none where a key is attached for the first time', async () => {
    using place = scratch('')
    expect(await attach([`A_URL=${ONE}`, '--no-probe', '--keep-old'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`A_URL=${ONE}\n`)
  })

  test('does not hold the swap up when it is dead', async () => {
    using place = scratch(`A_URL=${dead}\nA_URL_OLD=${dead}1\n`)
    const { document } = await asDocument(['swap', 'A_URL=one', '--kind', 'opaque', '--keep-old'], { cwd: place.path })
    expect(document).toMatchObject({ exit: 0, changes: [{ key: 'A_URL' }, { key: 'A_URL_OLD', kept: true }] })
    expect(document.probes ?? []).not.toContainEqual(expect.objectContaining({ key: 'A_URL_OLD' }))
  })
})

const sleeping = (seconds: string): readonly string[] =>
  execFileSync(findProgram('ps') ?? 'ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line === `sleep ${seconds}`)
