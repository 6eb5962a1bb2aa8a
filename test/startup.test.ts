import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
/** Packages that must stay packages. */
const HEAVY = ['pg', 'tinyglobby', 'yaml', 'zod', 'ioredis', 'execa']
/** Node's own modules that cost milliseconds and that no start needs. */
const SLOW = [
  'tls',
  'http',
  'https',
  'http2',
  'dns',
  'dns/promises',
  'dgram',
  'child_process',
  'crypto',
  'inspector',
  'worker_threads',
  'readline',
]

/** What the two entries load: one file, and one for each kind that has a folder. */
const COMMAND_FILES = [
  'cli/main.cjs',
  ...readdirSync(join(ROOT, 'src/kinds'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'migrations')
    .map(({ name }) => `cli/${name}.cjs`),
]

/** What one run of a command loaded. */
interface Loaded {
  readonly exit: number | null
  readonly stdout: string
  /** Modules of node. */
  readonly builtins: readonly string[]
  /** Packages, loaded from node_modules. */
  readonly packages: readonly string[]
  /** Modules inside the files of dist/cli that were set going, by their path before they were bundled. */
  readonly modules: readonly string[]
}

const folder = mkdtempSync(join(tmpdir(), 'attach-startup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(['attach', 'detach'])('%s --version', (binary) => {
  let loaded: Loaded
  beforeAll(async () => {
    loaded = await run(binary, '--version')
  })

  test('says the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(loaded.stdout).toBe(`${version}\n`)
    expect(loaded.exit).toBe(0)
  })

  test('loads no package, neither from outside nor from inside the bundle', () => {
    expect(loaded.packages).toEqual([])
    expect(loaded.modules.filter((module) => module.includes('node_modules/'))).toEqual([])
  })

  test('sets nothing else of src going', () => {
    expect(loaded.modules).toEqual([])
  })

  test('loads none of the slow modules of node', () => {
    expect(loaded.builtins.filter((name) => SLOW.includes(name))).toEqual([])
  })
})

test('a probe does load the kind, the slow modules and the driver: this test can see them', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write('N') // No TLS here; what comes after is never answered.
      socket.once('data', () => socket.destroy())
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    const loaded = await run('attach', 'probe', `postgres://app@127.0.0.1:${port}/app`)
    expect(loaded.exit).toBe(3)
    expect(loaded.builtins).toEqual(expect.arrayContaining(['tls']))
    expect(loaded.modules).toEqual(expect.arrayContaining(['src/kinds/postgres/probe.ts']))
    expect(loaded.packages).toContain('pg')
  } finally {
    server.close()
  }
})

describe('status', () => {
  const place = join(folder, 'project')
  const OF_YAML = ['src/deploys/project/read.ts', 'src/deploys/project/tree.ts', 'src/deploys/project/schema.ts']
  const runHere = async (): Promise<Loaded> => await run('attach', '-C', place, 'status')
  beforeAll(() => {
    mkdirSync(place)
    writeFileSync(join(place, '.env'), 'A_URL=redis://a.test/0\n')
  })

  test('loads yaml and zod where an attach.yaml stands', async () => {
    writeFileSync(join(place, 'attach.yaml'), 'deploys: { local: { config: .env } }\n')
    const loaded = await runHere()
    expect(loaded.exit).toBe(0)
    expect(loaded.packages).toEqual(expect.arrayContaining(['yaml', 'zod']))
    expect(loaded.modules).toEqual(expect.arrayContaining(OF_YAML))
  })

  test('loads neither where there is none, nor what would use them', async () => {
    rmSync(join(place, 'attach.yaml'), { force: true })
    const loaded = await runHere()
    expect(loaded.exit).toBe(0)
    expect(loaded.packages).toEqual([])
    expect(loaded.modules).toContain('src/domain/errors.ts')
    expect(loaded.modules.filter((module) => OF_YAML.includes(module))).toEqual([])
  })
})

test('in the bundle, heavy packages are loaded only where they are used', () => {
  const texts = new Map(COMMAND_FILES.map((file) => [file, readFileSync(join(DIST, file), 'utf8')]))
  expect(texts.get('cli/main.cjs')?.length).toBeGreaterThan(50_000)
  expect(texts.get('cli/postgres.cjs')).toMatch(/Promise\.resolve\(\)\.then\(\(\)\s*=>\s*__toESM\(require\("pg"\)/)
  for (const text of texts.values())
    for (const name of HEAVY)
      expect([...text.matchAll(new RegExp(`(?<!__toESM\\()require\\("${name}[/"]|node_modules/${name}/`, 'g'))]).toEqual([])
})

test('a kind stands in a file of its own, and no module in two files', () => {
  const texts = COMMAND_FILES.map((file) => readFileSync(join(DIST, file), 'utf8'))
  const wrapped = texts.map((text) => [...text.matchAll(/"(src\/[^"]+\.ts)"\(/g)].map(([, path = '']) => path))
  for (const kind of ['postgres', 'redis', 'mysql', 's3'])
    expect(wrapped[COMMAND_FILES.indexOf(`cli/${kind}.cjs`)]).toEqual(expect.arrayContaining([`src/kinds/${kind}/probe.ts`]))
  const all = wrapped.flat()
  expect(all.length).toBeGreaterThan(100)
  expect(all.filter((path, at) => all.indexOf(path) !== at)).toEqual([])
})

test('the library door imports no package before it is asked to, and dist holds nothing that nothing needs', () => {
  const reached = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    const text = readFileSync(join(DIST, file), 'utf8')
    for (const [, from = '', lazy = ''] of text.matchAll(
      /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*"([^"\n]+)"|\bimport\("([^"\n]+)"\)/gm,
    )) {
      const specifier = from + lazy
      if (specifier.startsWith('.')) visit(relative(DIST, resolve(DIST, dirname(file), specifier)))
      else if (from !== '' && !from.startsWith('node:')) packages.add(from)
    }
  }
  visit('index.js')
  expect([...packages]).toEqual([])
  const found = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => /\.c?js$/.test(file))
  expect(found.sort()).toEqual([...reached, 'cli/attach.cjs', 'cli/detach.cjs', ...COMMAND_FILES].sort())
})

/** Runs a command with a witness inside. Coverage tells which of the bundle's modules ran: each is a function that is named by its path. */
async function run(binary: string, ...args: readonly string[]): Promise<Loaded> {
  const place = mkdtempSync(join(folder, 'run-'))
  const witness = join(place, 'witness.cjs')
  const seen = join(place, 'seen.json')
  const says = `JSON.stringify({ builtins: process.moduleLoadList, files: Object.keys(require.cache) })`
  writeFileSync(witness, `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(seen)}, ${says}))\n`)
  const coverage = join(place, 'coverage')
  const env = { PATH: process.env['PATH'], HOME: place, NODE_V8_COVERAGE: coverage }
  const child = spawn(process.execPath, ['--require', witness, join(ROOT, 'bin', `${binary}.js`), ...args], {
    cwd: place,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const exit = await new Promise<number | null>((done) => child.once('close', done))
  const { builtins, files }: { builtins: readonly string[]; files: readonly string[] } = JSON.parse(readFileSync(seen, 'utf8'))
  return {
    exit,
    stdout,
    builtins: builtins.filter((name) => name.startsWith('NativeModule ')).map((name) => name.slice('NativeModule '.length)),
    packages: [...new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))],
    modules: modulesThatRan(coverage),
  }
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[]
  }[]
}

function modulesThatRan(coverage: string): readonly string[] {
  const reports = readdirSync(coverage).map((file): Coverage => JSON.parse(readFileSync(join(coverage, file), 'utf8')))
  const scripts = reports.flatMap(({ result }) => result).filter(({ url }) => /\/dist\/cli\/[\w-]+\.cjs$/.test(url))
  expect(scripts).not.toEqual([])
  const ran = scripts.flatMap(({ functions }) => functions).filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
  return ran.map(({ functionName }) => functionName).filter((name) => /^(?:src|.*node_modules)\/.+\.\w+$/.test(name))
}
