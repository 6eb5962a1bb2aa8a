// Makes dist/ from src/: JavaScript by esbuild, types by tsc.
//
// Bundled, because start-up is a feature: with 40 modules and commander, 1.18 times `node -e 0`, against 1.39 as single files from tsc.
// Code splitting keeps every `import()` a chunk of its own, so what is lazy in src/ is lazy in dist/.
//
// A build may run beside another one, or beside commands that use dist/: a file that is already right is not touched, a new one is
// renamed into place, chunks come before the entries that name them, and what no longer belongs there goes last.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { run } from './run.js'

const ROOT = resolve(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const ENTRIES = { 'cli/attach': 'src/cli/attach.ts', 'cli/detach': 'src/cli/detach.ts', index: 'src/index.ts' }
/** Drivers and other heavy packages stay packages: loaded where they are used, and seen by audits. */
const EXTERNAL = ['pg', 'ioredis', 'zod', 'execa']
/** A bundled CommonJS package asks for node's own modules with `require`. */
const REQUIRE = "import { createRequire as createRequireOfNode } from 'node:module'; const require = createRequireOfNode(import.meta.url);"
const NOTICES = 'THIRD-PARTY-LICENSES.txt'
/** Longer than any build takes: a temporary file of that age belongs to nobody. */
const ABANDONED_MS = 600_000

/** The JavaScript. About 0.1 seconds: quick enough to be done before every use, so that nothing ever meets an old one. */
export async function bundle() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: DIST,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.12',
    chunkNames: 'chunks/[name]-[hash]',
    external: EXTERNAL,
    banner: { js: REQUIRE },
    write: false,
    metafile: true,
    logLevel: 'warning',
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(DIST, path), Buffer.from(contents)]))
  files.set(NOTICES, Buffer.from(notices(Object.keys(metafile.inputs))))
  install(files, (name) => !name.endsWith('.d.ts'))
}

/** vitest's global set-up. A tree that does not build has no command: tests of the built one fail, all others still run. */
export async function setup() {
  try {
    await bundle()
  } catch (error) {
    if (!saidByEsbuild(error)) throw error
    for (const entry of Object.keys(ENTRIES)) rmSync(join(DIST, `${entry}.js`), { force: true })
  }
}

/** The `.d.ts` files. About 0.6 seconds. */
async function declare() {
  const folder = mkdtempSync(join(tmpdir(), 'attach-types-'))
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const config = join(ROOT, 'tsconfig.build.json')
    const { code } = await run(process.execPath, [tsc, '-p', config, '--emitDeclarationOnly', '--outDir', folder], { cwd: ROOT })
    if (code !== 0) return code
    install(new Map(tree(folder).map((name) => [name, readFileSync(join(folder, name))])), (name) => name.endsWith('.d.ts'))
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes that part of dist/ which is `mine` hold exactly these files. */
function install(files, mine) {
  const isEntry = (name) => Object.hasOwn(ENTRIES, name.replace(/\.js$/, ''))
  for (const name of [...files.keys()].sort((a, b) => isEntry(a) - isEntry(b))) put(join(DIST, name), files.get(name))
  for (const name of tree(DIST)) {
    const path = join(DIST, name)
    const stale = name.endsWith('.tmp') ? age(path) > ABANDONED_MS : mine(name) && !files.has(name)
    if (stale) rmSync(path, { force: true })
  }
}

function put(path, bytes) {
  try {
    if (readFileSync(path).equals(bytes)) return
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  writeFileSync(temporary, bytes)
  renameSync(temporary, path)
}

/** The licences of the packages that ended up inside dist/, which they ask to travel with every copy. */
function notices(inputs) {
  const folders = new Set(
    inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0]).filter((folder) => folder !== undefined),
  )
  const texts = [...folders].sort().map((folder) => {
    const path = resolve(ROOT, folder)
    const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    const licence = readdirSync(path).find((file) => /^licen[cs]e(\.|$)/i.test(file))
    if (!licence) throw new Error(`${name} is bundled and brings no licence file; add it to EXTERNAL in scripts/build.js`)
    return `${name} ${version}\n\n${readFileSync(join(path, licence), 'utf8').trim()}\n`
  })
  return `These packages are part of the files in this folder.\n\n${texts.join('\n---\n\n')}`
}

/** What is wrong, and where, stands on stderr already. */
function saidByEsbuild(error) {
  return Array.isArray(error.errors)
}

function tree(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

/** Milliseconds since the last change; 0 when the file has just gone. */
function age(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? Date.now() - stat.mtimeMs : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await bundle()
    process.exitCode = await declare()
  } catch (error) {
    if (!saidByEsbuild(error)) throw error
    process.exitCode = 1
  }
}
