import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { refusal } from '../../src/formats/env-style.ts'
import { edit, utf8 } from './env.ts'

const folder = mkdtempSync(join(tmpdir(), 'attach-env-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SHELLS = ['/bin/bash', '/bin/dash'].filter((shell) => existsSync(shell))

const BARE = 'AZaz09_@%+=:,./^{}[]*?!-é日'
const CARRIED = `${BARE} \t#~&;|<>()"$\`\\\n`

const value = (characters: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...characters), { maxLength: 10 })
    .map((all) => all.join(''))
    .filter((text) => refusal('KEY', text, []) === null)

/** Files that hold KEY, each after one edit, with the value that KEY must have. A neighbour stands on both sides. */
function files(name: string, values: readonly string[]): readonly { readonly path: string; readonly value: string }[] {
  return values.map((one, index) => {
    const before = index % 2 === 0 ? 'BEFORE=1\nKEY=old # c\nAFTER=2\n' : "BEFORE=1\nexport KEY='old'\nAFTER=2\n"
    const path = join(folder, `${name}-${index}.env`)
    writeFileSync(path, edit(utf8(before), { KEY: one }).bytes)
    return { path, value: one }
  })
}

const NODE = `
const paths = process.argv.slice(1)
process.stdout.write(JSON.stringify(paths.map((path) => {
  for (const key of ['BEFORE', 'KEY', 'AFTER']) delete process.env[key]
  process.loadEnvFile(path)
  return [process.env.BEFORE, process.env.KEY, process.env.AFTER]
})))`

// NUL ends each word, so that newlines at the end of a value are seen.
const SHELL = `for path in "$@"; do (set -a; . "$path"; printf '%s\\0%s\\0%s\\0' "$BEFORE" "$KEY" "$AFTER"); done`

describe('real programs read the edited file', () => {
  test.each([
    ['bare', BARE],
    ['quoted', CARRIED],
  ])('Node: %s values', (name, characters) => {
    const made = files(name, fc.sample(value(characters), 150))
    const found: unknown = JSON.parse(execFileSync(process.execPath, ['-e', NODE, ...made.map(({ path }) => path)], { encoding: 'utf8' }))
    expect(found).toEqual(made.map((one) => ['1', one.value, '2']))
  })

  describe.each(SHELLS)('%s', (shell) => {
    test.each([
      ['bare', BARE],
      ['quoted', CARRIED],
    ])('%s values', (name, characters) => {
      const made = files(`sh-${name}`, fc.sample(value(characters), 150))
      const output = execFileSync(shell, ['-c', SHELL, shell, ...made.map(({ path }) => path)], { encoding: 'utf8', cwd: folder })
      const words = output.split('\0')
      expect(made.map((_, index) => words.slice(index * 3, index * 3 + 3))).toEqual(made.map((one) => ['1', one.value, '2']))
    })
  })

  test('a shell is on this machine', () => {
    expect(SHELLS).not.toEqual([])
  })
})
