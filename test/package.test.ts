import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const INSTALL_MS = 180_000

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

describe('the package, packed and installed into an empty folder', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const folder = mkdtempSync(join(tmpdir(), 'attach-package-'))
  const consumer = join(folder, 'consumer')
  let packed: Packed

  beforeAll(() => {
    packed = pack(folder)
    mkdirSync(consumer)
    writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
    install(join(folder, packed.filename), consumer)
  }, INSTALL_MS)

  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

  test('holds the binaries, dist, the licences and the words about it, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path)
    const needed = [
      'bin/attach.js',
      'bin/detach.js',
      'bin/package.json',
      'dist/cli/attach.cjs',
      'dist/cli/detach.cjs',
      'dist/cli/main.cjs',
      'dist/cli/postgres.cjs',
      'dist/index.js',
      'dist/index.d.ts',
      'docs/attach-1.schema.json',
      'docs/attach-yaml.schema.json',
    ]
    expect(paths).toEqual(
      expect.arrayContaining([...needed, 'dist/THIRD-PARTY-LICENSES.txt', 'package.json', 'LICENSE', 'README.md', 'CHANGELOG.md']),
    )
    const known =
      /^(?:docs\/attach-(?:1|yaml)\.schema\.json|bin\/(?:(?:attach|detach)\.js|package\.json)|dist\/cli\/[\w-]+\.cjs|dist\/.+\.(?:js|d\.ts)|dist\/THIRD-PARTY-LICENSES\.txt|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/
    expect(paths.filter((path) => !known.test(path))).toEqual([])
  })

  test('gives a working attach and a working detach', () => {
    expect(call('attach', '--version')).toContain(version)
    expect(call('detach', '--version')).toContain(version)
    expect(call('detach', '--help')).toMatch(/detach/)
  })

  test('gives a library door that loads', () => {
    const names = execFileSync(process.execPath, ['-e', "import('attach-cli').then((door) => console.log(Object.keys(door).join()))"], {
      cwd: consumer,
      encoding: 'utf8',
    })
    expect(names).toMatch(/\w/)
  })

  test('gives types that a strict TypeScript consumer can use', () => {
    writeFileSync(join(consumer, 'runbook.ts'), "import * as attach from 'attach-cli'\nexport const door: object = attach\n")
    expect(types('runbook.ts')).toBe('')
    writeFileSync(join(consumer, 'wrong.ts'), "import { noSuchName } from 'attach-cli'\nexport const door: object = noSuchName\n")
    expect(types('wrong.ts')).toMatch(/noSuchName/)
  })

  function call(binary: string, ...args: readonly string[]): string {
    return execFileSync(join(consumer, 'node_modules', '.bin', binary), args, { cwd: consumer, encoding: 'utf8' })
  }

  /** What tsc complains about, in a consumer that has the types of node. */
  function types(file: string): string {
    const place = join(consumer, 'node_modules', '@types')
    mkdirSync(place, { recursive: true })
    if (!existsSync(join(place, 'node'))) symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(place, 'node'))
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--module',
      'nodenext',
      '--types',
      'node',
    ]
    return output(process.execPath, [tsc, ...flags, file], consumer)
  }
})

function pack(destination: string): Packed {
  const json = npm(['pack', '--json', '--loglevel', 'error', '--pack-destination', destination], ROOT)
  const [packed] = JSON.parse(json.slice(json.indexOf('[\n')))
  return packed
}

/** From npm's cache where it has everything, else with the registry. */
function install(tarball: string, into: string): void {
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error', tarball]
  try {
    npm([...args, '--offline'], into)
  } catch {
    npm([...args, '--prefer-offline'], into)
  }
}

/** npm as a person would start it, also when this test was itself started by an npm script. */
function npm(args: readonly string[], cwd: string): string {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?:package|lifecycle|command|config_local_prefix)|^INIT_CWD$|^NODE_OPTIONS$/.test(name),
  )
  return execFileSync('npm', args, { cwd, env: Object.fromEntries(kept), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function output(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8' })
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout)
    throw error
  }
}
