import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
/** The only package whose code may be read before the command line is understood. */
const ALLOWED = ['commander']
/** Node's own modules that cost milliseconds to load. */
const SLOW = ['net', 'tls', 'http', 'https', 'http2', 'dns', 'dgram', 'inspector', 'worker_threads', 'repl', 'test']

interface Reached {
  readonly files: readonly string[]
  /** Packages that are imported by name. */
  readonly packages: readonly string[]
  /** Packages whose code stands inside one of the files. */
  readonly inside: readonly string[]
  readonly builtins: readonly string[]
}

describe.each(['cli/attach.js', 'cli/detach.js'])('before the command line is understood, dist/%s', (entry) => {
  const reached = walk(entry, staticImports)

  test('loads no package but those that the start needs', () => {
    expect(reached.packages).toEqual([])
    expect(reached.inside.filter((name) => !ALLOWED.includes(name))).toEqual([])
  })

  test('loads none of the slow modules of node', () => {
    expect(reached.builtins.filter((name) => SLOW.includes(name))).toEqual([])
  })

  test('is seen by this test: the start spans chunks, and lazy chunks exist beyond it and do reach the driver', () => {
    expect(reached.files).toContain(entry)
    expect(reached.files.length).toBeGreaterThanOrEqual(2)
    expect(reached.inside).toEqual(expect.arrayContaining(ALLOWED))
    const all = walk(entry, (text) => [...staticImports(text), ...lazyImports(text)])
    expect(all.files.length).toBeGreaterThan(reached.files.length + 3)
    expect(all.packages).toContain('pg')
    expect(all.inside).toEqual(expect.arrayContaining(['chalk']))
    expect(all.builtins).toEqual(expect.arrayContaining(['net', 'tls']))
  })

  test('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const said = execFileSync(process.execPath, [join(ROOT, 'bin', entry.replace('cli/', '')), '--version'], { encoding: 'utf8' })
    expect(said).toContain(version)
  })
})

test('dist holds what the entries reach and nothing else', () => {
  const everything = (text: string): readonly string[] => [...staticImports(text), ...lazyImports(text)]
  const reached = new Set(['cli/attach.js', 'cli/detach.js', 'index.js'].flatMap((entry) => walk(entry, everything).files))
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

function lazyImports(text: string): readonly string[] {
  return specifiers(text, /\bimport\("([^"\n]+)"\)|\bcreateRequire\w*\([\w.]+\)\("([^"\n]+)"\)/g)
}

function specifiers(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? '')
}
