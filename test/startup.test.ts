import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
/** Packages that are loaded where they are used. */
const HEAVY = ['pg', 'ioredis', 'zod', 'execa']
/** Node's own modules that cost milliseconds to load. */
const SLOW = ['net', 'tls', 'http', 'https', 'http2', 'dns', 'dgram', 'child_process', 'crypto', 'readline', 'inspector', 'worker_threads']

interface Reached {
  readonly files: readonly string[]
  /** Packages that are imported by name. */
  readonly packages: readonly string[]
  /** Packages whose code stands inside one of the files. */
  readonly inside: readonly string[]
  readonly builtins: readonly string[]
}

describe.each(['cli/attach.js', 'cli/detach.js'])('the start of dist/%s', (entry) => {
  const reached = walk(entry, staticImports)

  test('loads no package, neither by name nor inside a chunk', () => {
    expect(reached.packages).toEqual([])
    expect(reached.inside).toEqual([])
  })

  test('loads none of the slow modules of node', () => {
    expect(reached.builtins.filter((name) => SLOW.includes(name))).toEqual([])
  })

  test('is seen by this test: the start spans files, and the lazy chunks beyond it reach the driver', () => {
    expect(reached.files).toContain(entry)
    expect(reached.files.length).toBeGreaterThanOrEqual(2)
    const all = walk(entry, everyImport)
    expect(all.files.length).toBeGreaterThan(reached.files.length + 3)
    expect(all.packages).toContain('pg')
    expect(all.inside).toContain('chalk')
    expect(all.builtins).toEqual(expect.arrayContaining(['tls', 'crypto', 'child_process']))
  })

  test('no static import anywhere reaches a heavy package', () => {
    const lazy = walk(entry, everyImport).files
    expect(lazy.flatMap((file) => walk(file, staticImports).packages).filter((name) => HEAVY.includes(name))).toEqual([])
  })

  test('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const said = execFileSync(process.execPath, [join(ROOT, 'bin', entry.replace('cli/', '')), '--version'], { encoding: 'utf8' })
    expect(said).toBe(`${version}\n`)
  })
})

test('dist holds what the entries reach and nothing else', () => {
  const reached = new Set(['cli/attach.js', 'cli/detach.js', 'index.js'].flatMap((entry) => walk(entry, everyImport).files))
  const found = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  expect(found.sort()).toEqual([...reached].sort())
})

test('imports of each sort are found', () => {
  const text =
    'import {\n  a\n} from "./a.js";\nimport "b";\nexport { c } from "./c.js";\nconst d = await import("./d.js");\nvar e = __require("e");\nvar f = createRequire2(import.meta.url)("f");\n'
  expect(staticImports(text)).toEqual(['./a.js', 'b', './c.js', 'e'])
  expect(lazyImports(text)).toEqual(['./d.js', 'f'])
})

/** What loading `entry` loads, when only the imports that `importsOf` names are followed. */
function walk(entry: string, importsOf: (text: string) => readonly string[]): Reached {
  const files = new Set<string>()
  const packages = new Set<string>()
  const inside = new Set<string>()
  const builtins = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const text = readFileSync(join(DIST, file), 'utf8')
    for (const [, name = ''] of text.matchAll(/^\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)) inside.add(name)
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) visit(relative(DIST, resolve(DIST, dirname(file), specifier)))
      else if (isBuiltin(specifier)) builtins.add(specifier.replace(/^node:/, '').replace(/\/.*$/, ''))
      else packages.add(specifier)
    }
  }
  visit(entry)
  return { files: [...files], packages: [...packages], inside: [...inside], builtins: [...builtins] }
}

/** `require` in bundled CommonJS code counts: it may run at once. */
function staticImports(text: string): readonly string[] {
  return specifiers(text, /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*"([^"\n]+)"|\b(?:__)?require\("([^"\n]+)"\)/gm)
}

function everyImport(text: string): readonly string[] {
  return [...staticImports(text), ...lazyImports(text)]
}

function lazyImports(text: string): readonly string[] {
  return specifiers(text, /\bimport\("([^"\n]+)"\)|\bcreateRequire\w*\([\w.]+\)\("([^"\n]+)"\)/g)
}

function specifiers(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? '')
}
