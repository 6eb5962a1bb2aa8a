import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lives, processesWith, programOf, ran } from '../support/commands.ts'
import { eventually } from '../support/processes.ts'
import { scratch } from '../support/scratch.ts'

const marks: string[] = []
/** A number that no other process has in its command line. What has it is gone when the tests are over, also when they failed. */
const unlike = (): string => {
  const mark = `${7_000_000 + Math.floor(Math.random() * 1_000_000)}.${process.pid}`
  marks.push(mark)
  return mark
}
afterAll(() => {
  for (const pid of marks.flatMap(processesWith)) process.kill(pid, 'SIGKILL')
})

describe('a command', () => {
  test('ends with its own status, and nothing it printed is lost or out of order', async () => {
    const { end, lines } = await ran('echo one; echo two >&2; echo three; printf four; exit 3')
    expect(end).toEqual({ how: 'exit', status: 3, outputOpen: false })
    expect(lines).toEqual(['one', 'two', 'three', 'four'])
  })

  test('gets its words byte for byte, and no shell reads them', async () => {
    const words = [
      '',
      ' ',
      '-n',
      '--',
      '*',
      '~',
      '$HOME',
      '`id`',
      'a\nb',
      "it's",
      '"',
      '\\',
      'x=1',
      '\u00e9\u2028\u{1f600}\u{10ffff}',
      '\u0081\u0088',
      '\x01\x7f\x80',
    ]
    const { lines } = await ran([process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words])
    expect(JSON.parse(lines.join('\n'))).toEqual(words)
  })

  test('gets exactly the environment it is to have, but for the folder it stands in', async () => {
    const env = { PATH: process.env['PATH'] ?? '', A: 'x y\nz', EMPTY: '' }
    const { lines } = await ran([process.execPath, '-e', 'console.log(JSON.stringify(process.env))'], {
      env: { PATH: env.PATH, A: env.A, EMPTY: '' },
      folder: '/',
    })
    const { PWD, SHLVL: _level, _: _last, ...rest } = JSON.parse(lines.join(''))
    expect(PWD).toBe('/')
    expect(rest).toEqual({ PATH: env.PATH, A: env.A, EMPTY: '' })
  })

  test('has nothing to read, no terminal, and a session and group of its own', async () => {
    const { lines, pid } = await ran('cat; ( : </dev/tty ) 2>/dev/null || echo no terminal; cut -d" " -f1,5,6 /proc/$$/stat')
    expect(lines).toEqual(['no terminal', `${pid} ${pid} ${pid}`])
  })

  test('can open its outputs by their names', async () => {
    const { end, lines } = await ran('echo a >/dev/stderr && echo b >/dev/stdout && echo c | tee /dev/stderr')
    expect(end).toMatchObject({ how: 'exit', status: 0 })
    expect(lines).toEqual(['a', 'b', 'c', 'c'])
  })

  test('has three open files, none of them ours, with the usual signals and the mask of files it was given', async () => {
    using place = scratch('')
    const lock = openSync(place.at('lock'), 'w')
    try {
      const { lines } = await ran(
        'umask; for fd in /proc/self/fd/*; do readlink "$fd"; done; grep -E "^Sig(Blk|Ign)" /proc/self/status; echo "files:"; ls /proc/$$/fd; :',
      )
      expect(lines[0]).toBe(process.umask().toString(8).padStart(4, '0'))
      // No pipe stands behind ls: the shell would still hold an end of it when ls looks.
      expect(lines.slice(lines.indexOf('files:') + 1)).toEqual(['0', '1', '2', ...passedOnToUs()])
      expect(lines.join('\n')).not.toContain(place.path)
      expect(lines.filter((line) => line.startsWith('Sig'))).toEqual(['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'])
      expect(readdirSync('/proc/self/fd').map((fd) => linkOf(fd))).toContain(place.at('lock'))
    } finally {
      closeSync(lock)
    }
  })

  test('leaves no descriptor behind in us', async () => {
    await ran('true')
    const before = readdirSync('/proc/self/fd').length
    for (let run = 0; run < 5; run += 1) await ran('echo x')
    await eventually('all are closed', async () => expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before))
  })

  test('that is not there ends with 127, one that cannot be run with 126', async () => {
    using place = scratch('')
    place.write('plain', 'x')
    expect((await ran(['no-such-program-anywhere'])).end).toMatchObject({ how: 'exit', status: 127 })
    expect((await ran([place.at('plain')])).end).toMatchObject({ how: 'exit', status: 126 })
  })

  test('in a folder that is not there, or with a NUL in it, is not started', async () => {
    expect((await ran('true', { folder: join(tmpdir(), 'no', 'such', 'folder') })).end).toMatchObject({
      how: 'not started',
      code: 'ENOENT',
    })
    expect((await ran(['echo', 'a\0b'])).end).toMatchObject({ how: 'not started', code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('that somebody else ends is told from one that ends by itself', async () => {
    expect((await ran('kill -SEGV $$')).end).toEqual({ how: 'signal', signal: 'SIGSEGV', outputOpen: false })
  })
})

describe('what a command leaves running', () => {
  test.each([
    ['a success', 0],
    ['a failure', 1],
  ])('stays after %s', async (_name, status) => {
    const { end, lines } = await ran(`sleep 30 >/dev/null 2>&1 & echo $!; exit ${status}`)
    const app = Number(lines[0])
    try {
      expect(end).toEqual({ how: 'exit', status, outputOpen: false })
      expect(lives(app)).toBe(true)
    } finally {
      process.kill(app, 'SIGKILL')
    }
  })

  test('does not hold us up with an output that is still open, which is told', async () => {
    const { end, lines, ms } = await ran('sleep 30 & echo $!')
    process.kill(Number(lines[0]), 'SIGKILL')
    expect(end).toEqual({ how: 'exit', status: 0, outputOpen: true })
    expect(ms).toBeLessThan(10_000)
  })

  test('and what goes on printing is not listened to for ever', async () => {
    const { end, lines, ms } = await ran('( while echo x; do sleep 0.05; done ) & echo $!')
    expect(end).toMatchObject({ how: 'exit', status: 0, outputOpen: true })
    expect(ms).toBeLessThan(10_000)
    await eventually('nobody reads any more, and that ends it', async () =>
      expect(lives(Number(lines.find((line) => line !== 'x')))).toBe(false),
    )
  })
})

describe('the time limit', () => {
  test('ends the command and all of its group', async () => {
    const mark = unlike()
    const { end } = await ran(`sleep ${mark} & ( sleep ${mark} & ) ; sleep ${mark}`, { timeoutMs: 300 })
    expect(end).toMatchObject({ how: 'timeout', gone: true })
    expect(processesWith(mark)).toEqual([])
  })

  test('kills what does not listen to SIGTERM, once the grace is over and not before', async () => {
    const mark = unlike()
    const { end, lines, ms } = await ran(`trap 'echo asked' TERM; sleep ${mark} & while :; do wait; sleep 0.05; done`, {
      timeoutMs: 1_000,
      graceMs: 700,
    })
    expect(end).toMatchObject({ how: 'timeout', gone: true })
    expect(lines).toContain('asked')
    expect(ms).toBeGreaterThan(1_650)
    expect(processesWith(mark)).toEqual([])
  })

  test('kills a grandchild that does not listen although the command does', async () => {
    const mark = unlike()
    const { end } = await ran(`( trap '' TERM; sleep ${mark} ) & wait`, { timeoutMs: 200, graceMs: 300 })
    expect(end).toMatchObject({ how: 'timeout', gone: true })
    expect(processesWith(mark)).toEqual([])
  })

  test('is no failure of a command that has ended while nobody looked', async () => {
    const freeze = ({ pid }: { readonly pid: number }): unknown =>
      setImmediate(() => {
        for (const until = performance.now() + 400; performance.now() < until || lives(pid); ) Atomics.wait(NAP, 0, 0, 20)
      })
    const running = ran('exit 0', { timeoutMs: 150, begins: freeze })
    expect((await running).end).toMatchObject({ how: 'exit', status: 0 })
  })
})

describe('a wish to stop', () => {
  test('ends the command and all of its group', async () => {
    const mark = unlike()
    const controller = new AbortController()
    const { end } = await ran(`echo up; sleep ${mark} & sleep ${mark}`, { signal: controller.signal, prints: () => controller.abort() })
    expect(end).toMatchObject({ how: 'stopped', gone: true })
    expect(processesWith(mark)).toEqual([])
  })

  test('that came before starts nothing', async () => {
    const { end, pid } = await ran('true', { signal: AbortSignal.abort() })
    expect(end).toMatchObject({ how: 'stopped' })
    expect(pid).toBe(0)
  })

  test('that comes while it is put on record lets nothing run', async () => {
    using place = scratch('')
    const controller = new AbortController()
    const { end } = await ran(`sleep 5; touch ${place.at('ran')}`, { signal: controller.signal, begins: () => controller.abort() })
    expect(end).toMatchObject({ how: 'stopped', gone: true })
    expect(existsSync(place.at('ran'))).toBe(false)
  })
})

describe('what a command prints', () => {
  test('is bounded: 100 MB are over quickly, and the end of what is shown is said', async () => {
    const { end, lines } = await ran('yes 0123456789012345678901234567890123456789 | head -c 100000000')
    expect(end).toMatchObject({ how: 'exit', status: 0 })
    expect(lines.at(-1)).toBe('… output cut after 64 KiB')
    expect(lines.slice(0, -1).join('\n').length).toBeLessThanOrEqual(64 * 1024)
    expect(lines.length).toBeGreaterThan(1_000)
  })

  test('in one line without an end is cut, with a mark', async () => {
    const { lines } = await ran('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo after')
    expect(lines.map((line) => [line.length, line.slice(-2)])).toEqual([
      [16 * 1024 + 1, 'x…'],
      [5, 'er'],
    ])
  })

  test('is cut at no character that comes in two pieces', async () => {
    const { lines } = await ran("printf '\\303'; sleep 0.1; printf '\\251\\360\\237'; sleep 0.1; printf '\\230\\200\\n\\377'")
    expect(lines).toEqual(['é😀', '\ufffd'])
  })

  test('ends a line at a line feed, a carriage return, or both, also between two pieces', async () => {
    const { lines } = await ran("printf 'a\\r'; sleep 0.1; printf '\\nb\\r 10%%\\r 20%%\\r\\n\\nc'")
    expect(lines).toEqual(['a', 'b', ' 10%', ' 20%', '', 'c'])
  })

  test('is heard while it runs', async () => {
    let first = 0
    const started = performance.now()
    const { ms } = await ran('echo now; sleep 1', { prints: () => (first ||= performance.now() - started) })
    expect(first).toBeGreaterThan(0)
    expect(ms - first).toBeGreaterThan(700)
  })
})

describe('a command begins only once its process is on record', () => {
  test('and never when that throws', async () => {
    using place = scratch('')
    const failing = ran(`touch ${place.at('ran')}`, {
      begins: () => {
        throw new Error('no room')
      },
    })
    await expect(failing).rejects.toThrow('no room')
    expect(existsSync(place.at('ran'))).toBe(false)
  })

  test('and never when attach dies before', async () => {
    using place = scratch('')
    using program = await programOf(starting(`touch ${place.at('ran')}`, "begins: () => process.kill(process.pid, 'SIGKILL')"))
    const died = await over(spawn(process.execPath, [program.path], { stdio: 'ignore' }))
    expect(died).toBe('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(existsSync(place.at('ran'))).toBe(false)
  })
})

describe('when attach ends while a command runs', () => {
  const mark = unlike()
  const line = `sleep ${mark} & sleep ${mark}; touch never`

  test.each([
    ['it exits', 'setTimeout(() => process.exit(8), 300)'],
    ['it throws', "setTimeout(() => { throw new Error('a bug') }, 300)"],
  ])('because %s, the command and its group are ended', async (_name, ending) => {
    using program = await programOf(`${starting(line, 'begins: () => {}')}\n${ending}`)
    await over(spawn(process.execPath, [program.path], { stdio: 'ignore' }))
    await eventually('they are gone', async () => expect(processesWith(mark)).toEqual([]), 5_000)
  })

  test('because the command kills it, the command goes on, and its record leads to it', async () => {
    using place = scratch('')
    const hook = `kill -9 $PPID; sleep 0.2; echo went on >${place.at('ran')}; sleep ${mark}`
    const begins = `begins: (found) => writeFileSync(${JSON.stringify(place.at('record'))}, JSON.stringify(found))`
    using program = await programOf(`import { writeFileSync } from 'node:fs'\n${starting(hook, begins)}`)
    expect(await over(spawn(process.execPath, [program.path], { stdio: 'ignore' }))).toBe('SIGKILL')
    await eventually('it went on', async () => expect(place.read('ran')).toBe('went on\n'))
    const { pid } = JSON.parse(place.read('record'))
    expect(lives(pid)).toBe(true)
    process.kill(-pid, 'SIGKILL')
  })
})

/** A program that runs one command as attach does, and has no other end. */
const starting = (line: string, begins: string): string => `
import { processHost } from './src/host/process-host.ts'
void processHost().run({
  line: ${JSON.stringify(line)}, folder: '/tmp', env: { PATH: process.env.PATH }, timeoutMs: 60_000, graceMs: 5_000,
  signal: new AbortController().signal, prints: () => {}, ${begins},
})
`

const over = (child: ChildProcess): Promise<NodeJS.Signals | number | null> =>
  new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)))

const NAP = new Int32Array(new SharedArrayBuffer(4))

/** Files above standard error that whoever started us left open for everybody. None of them is ours: Node closes its own on exec. */
const passedOnToUs = (): readonly string[] =>
  readdirSync('/proc/self/fd').filter((fd) => {
    const flags = Number(fd) > 2 && existsSync(`/proc/self/fdinfo/${fd}`) ? readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8') : ''
    const bits = /^flags:\s+0?(\d+)/m.exec(flags)?.[1]
    return bits !== undefined && (Number.parseInt(bits, 8) & O_CLOEXEC) === 0
  })

/** On Linux; Node does not name it. */
const O_CLOEXEC = 0o2000000

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}
