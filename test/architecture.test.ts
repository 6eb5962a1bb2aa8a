import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const SRC = join(ROOT, 'src')

/** folder -> what it may import besides itself. Types count too. */
const ALL = ['domain', 'ports', 'formats', 'net', 'engine', 'kinds', 'stores', 'reporters', 'host', 'deploys', 'index']
const MAY: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ['domain'],
  formats: ['domain'],
  net: ['domain'],
  engine: ['domain', 'ports'],
  kinds: ['domain', 'ports', 'net'],
  stores: ['domain', 'ports', 'formats'],
  reporters: ['domain', 'ports'],
  host: ['domain', 'ports'],
  deploys: ALL.filter((folder) => !['reporters', 'index'].includes(folder)),
  index: ['deploys', 'engine', 'domain', 'ports'],
  cli: ALL,
}
/** Loaded with `await import()` where they are used. */
const HEAVY = ['pg', 'tinyglobby', 'yaml', 'zod']
/** Packages that may be imported statically, and the folder or file that may. */
const LIGHT: Readonly<Record<string, RegExp>> = { commander: /^cli\//, dotenv: /^formats\//, chalk: /^reporters\/human/ }

interface Source {
  readonly file: string
  readonly folder: string
  readonly text: string
  /** Without comments, and with empty strings. */
  readonly code: string
  readonly imports: readonly Import[]
}

interface Import {
  readonly specifier: string
  readonly kind: 'static' | 'type' | 'lazy'
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(SRC, file), 'utf8')
    return { file, folder: folderOf(file), text, code: withoutWords(text), imports: importsOf(text) }
  })

describe('the walls of the house', () => {
  test('the test can see: there are sources, every folder has its rule, and imports of each sort are found', () => {
    expect(sources.length).toBeGreaterThan(10)
    expect(Object.keys(MAY)).toEqual(expect.arrayContaining([...new Set(sources.map(({ folder }) => folder))]))
    const sample =
      "import a from './a.ts'\nimport type { B } from 'b'\nexport {\n  c,\n} from './c.ts'\nimport './d.ts'\nconst e = await import('e')\n// import 'f'\n"
    expect(importsOf(sample)).toEqual([
      { specifier: './a.ts', kind: 'static' },
      { specifier: 'b', kind: 'type' },
      { specifier: './c.ts', kind: 'static' },
      { specifier: './d.ts', kind: 'static' },
      { specifier: 'e', kind: 'lazy' },
    ])
    const hole = `$${'{process.pid}'}`
    expect(withoutWords(`a /* process */ + 'process' + \`process ${hole}\` // process\n+ '\\'' + process`)).toBe(
      `a  + '' + \`${hole}\` \n+ '' + process`,
    )
  })

  test.each(sources)('$file imports only what its folder may', ({ file, folder, imports }) => {
    for (const { specifier, kind } of imports) {
      const what = `src/${file} -> ${specifier}`
      if (specifier.startsWith('.')) {
        const target = relative(SRC, resolve(SRC, dirname(file), specifier))
        if (target.startsWith('..')) expect(what, 'outside src only the version is read').toMatch(/package\.json$/)
        else expect([folder, ...(MAY[folder] ?? [])], what).toContain(folderOf(target))
      } else if (specifier.startsWith('node:')) {
        if (folder === 'domain') expect(specifier, `${what}: domain is pure`).toBe('node:crypto')
      } else if (kind === 'static') {
        const name = packageOf(specifier)
        expect(HEAVY, `${what}: load it with import() where it is used`).not.toContain(name)
        expect(file, `${what}: not the place for ${name}`).toMatch(LIGHT[name] ?? /^$/)
      }
    }
  })

  test.each(sources)('$file reaches the world only through Host', ({ file, folder, code, imports }) => {
    expect(found(code, /(?<![.\w])console\b.*/g)).toEqual([])
    if (folder === 'host' || /^cli\/(?:main|attach|detach)\.ts$/.test(file)) return
    expect(found(code, /(?<![.\w-])process\s*(?:[.[;,)]|\?\.).*/g)).toEqual([])
    expect(found(code, /\bglobalThis\b.*/g)).toEqual([])
    expect(imports.map(({ specifier }) => specifier)).not.toContain('node:process')
    // A monotonic bound on a wait (performance.now) is no knowledge of the world; the time of day and chance are.
    expect(found(code, /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/g)).toEqual([])
  })

  test.each(sources)('$file has a default export only where a kind needs one, and no suppressed finding', ({ folder, text, code }) => {
    if (folder !== 'kinds') expect(found(code, /^export default\b.*|\bas default\b/gm)).toEqual([])
    expect(found(text, /biome-ignore.*|@ts-(?:ignore|expect-error|nocheck)|\b(?:TODO|FIXME)\b.*/g)).toEqual([])
  })
})

test('no file of the repository names a path of a machine or the host of a registry', () => {
  const files = tracked(ROOT)
  expect(files).toContain('package.json')
  expect(files).toContain(join('src', 'domain', 'change.ts'))
  const folders = ['work', 'farm', 'root'].map((name) => `/${name}/`).join('|')
  const hosts = ['registry\\.npm' + 'js', 'registry\\.yarn' + 'pkg', 'deb\\.deb' + 'ian', 'bash_' + 'jobs'].join('|')
  const machine = new RegExp(`(?<![\\w.~$}-])(?:${folders})|${hosts}|"resolved": *"https?:`, 'g')
  expect(found('cd /' + 'work/main', machine)).toHaveLength(1)
  for (const file of files) {
    expect(found(readFileSync(join(ROOT, file), 'utf8'), machine), file).toEqual([])
  }
})

function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([match]) => match)
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '')
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function importsOf(text: string): readonly Import[] {
  const plain = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const clause =
    /^(?:import|export)\s+(?<type>type\s)?(?:[\w*{][^'"`;=()]*?\sfrom\s+)?'(?<from>[^']+)'|\b(?:import|createRequire\([\w.]+\))\(\s*'(?<lazy>[^']+)'/gm
  return [...plain.matchAll(clause)].map(({ groups }): Import => {
    const lazy = groups?.['lazy']
    if (lazy !== undefined) return { specifier: lazy, kind: 'lazy' }
    return { specifier: groups?.['from'] ?? '', kind: groups?.['type'] === undefined ? 'static' : 'type' }
  })
}

/** The code without comments, and with strings emptied; what stands in `${…}` stays. */
function withoutWords(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g
  return text.replace(token, (found) => {
    if (found.startsWith('/')) return ''
    if (found.startsWith("'")) return "''"
    return `\`${[...found.matchAll(/\$\{[^}]*\}/g)].join('')}\``
  })
}

/** Every file that is not ignored (.gitignore: node_modules, dist, coverage, packages). */
function tracked(root: string, folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (['.git', 'node_modules', 'dist', 'coverage'].includes(entry.name) || entry.name.endsWith('.tgz')) return []
    if (entry.isDirectory()) return tracked(root, path)
    return entry.isFile() ? [path] : []
  })
}
