import { spawnSync } from 'node:child_process'
import { linkSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { programOf } from '../support/cli.ts'
import { type Files, files, programOrSkip } from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

/** One call that a power cut could tell from the next, on a name below the folder: `fsync .attach`. */
type Step = string

const CALLS = 'mkdir,openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink'

/** The order in which a command asked the system for things, seen from outside. */
const steps = (...words: readonly string[]): readonly Step[] => tracedSteps(CALLS, words)

function tracedSteps(calls: string, words: readonly string[]): readonly Step[] {
  const out = join(place.folder, 'trace')
  const argv = ['-y', '-f', '-qq', '-e', `trace=${calls}`, '-o', out, process.execPath, programOf('attach'), ...words]
  const { status, stderr } = spawnSync('strace', argv, { cwd: place.folder, encoding: 'utf8' })
  expect(stderr === '' || status === 0, stderr).toBe(true)
  return readFileSync(out, 'utf8')
    .split('\n')
    .map((line) => stepOf(line))
    .filter((step) => step !== null)
}

function stepOf(line: string): Step | null {
  const found = /^\d+ +(\w+)\((.*)\) += (-?\d+)/.exec(line)
  const [, call = '', all = '', result = ''] = found ?? []
  const args = all.replace(/AT_FDCWD<[^>]*>/g, 'AT_FDCWD')
  if (found === null || result.startsWith('-')) return null
  if (call === 'openat' && !args.includes('O_CREAT')) return null
  const names = [...args.matchAll(new RegExp(`["<]${place.folder}([^">]*)[">]`, 'g'))].map(([, name = '']) => short(name))
  if (names.length === 0) return null
  const verb = call === 'openat' ? 'create' : call === 'pwrite64' ? 'write' : call
  return [verb, ...names].join(' ')
}

/** `/.attach/.env/values/1` is `values/1`, the folder itself is `.`, and random parts of names are left out. */
const short = (name: string): string =>
  (name === '' ? '.' : name.slice(1)).replace(/^\.attach\/\.env\//, '').replace(/\.attach-[0-9a-f]+\.tmp$/, '.tmp')

/** Each step comes, in this order; other ones may come between. */
function expectInOrder(all: readonly Step[], wanted: readonly Step[]): void {
  let from = 0
  for (const step of wanted) {
    const at = all.indexOf(step, from)
    expect(at, `"${step}" after ${from} of:\n${all.join('\n')}`).toBeGreaterThanOrEqual(0)
    from = at + 1
  }
}

const HANDLE = 'DATABASE_URL=postgres://app@db/app'
const CHANGE: readonly Step[] = [
  'create values/1',
  'write values/1',
  'fsync values/1',
  'fsync values',
  'write journal',
  'fsync journal',
  'create .env.tmp',
  'write .env.tmp',
  'fsync .env.tmp',
  'rename .env.tmp .env',
  'fsync .',
  'write journal',
  'fsync journal',
]

describe.runIf(programOrSkip('strace'))('a power cut, by the order of system calls', () => {
  test('finds the values before the intent, the intent before the new config, the config before the close', () => {
    const all = steps('--no-probe', '-y', HANDLE)
    expectInOrder(all, CHANGE)
    const rename = all.indexOf('rename .env.tmp .env')
    expect(all.slice(rename, rename + 2), 'nothing comes between the new name and its sync').toEqual(['rename .env.tmp .env', 'fsync .'])
    expect(all.filter((step) => step === 'write journal')).toHaveLength(2)
  })

  test('finds a record that was just begun: every new name is synced in its directory before the intent is written', () => {
    const all = steps('--no-probe', '-y', HANDLE)
    const begun = all.slice(0, all.indexOf('write journal'))
    for (const [name, directory] of [
      ['mkdir .attach', 'fsync .'],
      ['mkdir .attach/.env', 'fsync .attach'],
      ['mkdir values', 'fsync .attach/.env'],
      ['create journal', 'fsync .attach/.env'],
      ['create .attach/.gitignore', 'fsync .attach'],
    ] as const) {
      expectInOrder(begun, [name, directory])
    }
  })

  test('finds a record that a killed command had begun: its names are synced all the same', () => {
    spawnSync('mkdir', ['-p', place.state.values])
    const all = steps('--no-probe', '-y', HANDLE)
    const begun = all.slice(0, all.indexOf('write journal'))
    for (const step of ['fsync .', 'fsync .attach', 'fsync .attach/.env']) expect(begun).toContain(step)
  })

  test('loses nothing of what stood: no file that has bytes is written, cut or taken away', () => {
    steps('--no-probe', '-y', HANDLE)
    const all = steps('--no-probe', '-y', 'DATABASE_URL=postgres://app@db2/app')
    expect(all.filter((step) => /^(ftruncate|unlink|create \.env$|write \.env$)/.test(step))).toEqual([])
    expectInOrder(
      all,
      CHANGE.map((step) => step.replace('values/1', 'values/3')),
    )
  })

  test('a config is noted as plain as it was right after its rename: what is set while that is synced is no part of the note', () => {
    steps('--no-probe', '-y', HANDLE)
    const all = tracedSteps(`${CALLS},statx,stat,newfstatat`, ['--no-probe', '-y', 'DATABASE_URL=postgres://app@db2/app'])
    const [rename, noted] = [all.indexOf('rename .env.tmp .env'), all.lastIndexOf('write plain')]
    const between = all.slice(rename, noted).filter((step) => /^(fsync \.|\S*stat\S* \.env)$/.test(step))
    expect(between).toEqual([expect.stringContaining('stat'), 'fsync .'])
  })

  test('finds both texts before a config is touched in place, its room before its text, and its text before it is cut', () => {
    linkSync(place.config, join(place.folder, 'other'))
    const longer = steps('--no-probe', '-y', HANDLE)
    const kept: readonly Step[] = ['fsync journal', 'create in-place', 'write in-place', 'fsync in-place', 'fsync .attach/.env']
    const forgotten: readonly Step[] = ['ftruncate in-place', 'fsync in-place', 'unlink in-place']
    expectInOrder(longer, [...kept, 'write .env', 'fsync .env', 'write .env', 'fsync .env', ...forgotten, 'write journal'])
    expect(longer.filter((step) => /^(ftruncate|rename|create|link) \.env/.test(step))).toEqual([])
    const shorter = steps('--no-probe', '-y', 'DATABASE_URL=redis://h/0')
    expectInOrder(shorter, [...kept, 'write .env', 'fsync .env', 'ftruncate .env', 'fsync .env', ...forgotten, 'write journal'])
    expect(shorter.filter((step) => step === 'write .env')).toHaveLength(1)
  })

  test('a config that is made gets its name when its bytes are synced', () => {
    const none = files({ text: null })
    const before = place
    place = none
    const all = steps('--no-probe', '-y', HANDLE)
    place = before
    expectInOrder(all, [
      'write .env.tmp',
      'fsync .env.tmp',
      'link .env.tmp .env',
      'unlink .env.tmp',
      'fsync .',
      'write journal',
      'fsync journal',
    ])
    return none.remove()
  })

  test('a change syncs no more than six times, the first one of a config ten times', () => {
    const count = (all: readonly Step[]): number => all.filter((step) => step.startsWith('fsync')).length
    expect(count(steps('--no-probe', '-y', HANDLE))).toBe(10)
    expect(count(steps('--no-probe', '-y', 'DATABASE_URL=postgres://app@db2/app'))).toBe(6)
  })

  test('a reading command syncs, writes and creates nothing', () => {
    steps('--no-probe', '-y', HANDLE)
    writeFileSync(join(place.folder, 'trace'), '')
    for (const verb of ['status', 'log']) expect(steps(verb).filter((step) => !step.endsWith(' trace'))).toEqual([])
  })
})
