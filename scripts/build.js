// Makes dist/ from src/: JavaScript by esbuild, types by tsc.
//
// Start-up is a feature, so a command is CommonJS: a tiny entry that knows the version, one file with all the rest in which what src/ loads
// with `import()` is wrapped and runs when it is first asked for, and one for each kind. Against `node -e 0`: 1.05 and 1.81 times (the version,
// a change), where ECMAScript modules in chunks took 1.15 and 2.02. The library door stays a set of ECMAScript modules.
//
// A build may run beside another one, or beside commands that use dist/: a file that is already right is not touched, a new one is
// renamed into place, chunks come before the entries that name them, and what no longer belongs there goes last.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { bundleCommand } from './command.js'
import { run } from './run.js'

const ROOT = resolve(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const MAIN = 'cli/main.cjs'
const ENTRIES = [MAIN, 'cli/attach.cjs', 'cli/detach.cjs', 'index.js']
/** Drivers and other heavy packages stay packages: loaded where they are used, and seen by audits. */
const EXTERNAL = ['pg', 'tinyglobby', 'yaml', 'zod']
const COMMON = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  platform: 'node',
  target: 'node20.12',
  external: EXTERNAL,
  write: false,
  metafile: true,
  logLevel: 'warning',
}
/** `import()` becomes `require`: the loader of ECMAScript modules would first read every CommonJS file for its names. */
const COMMAND = {
  ...COMMON,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  supported: { 'dynamic-import': false },
  // A tenth less to read at each start. Names stay, and lines, so that a bug can be found from where it is said to be.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 120,
  define: { 'import.meta.url': 'urlOfThisFile' },
  banner: { js: "const urlOfThisFile = require('node:url').pathToFileURL(__filename).href;" },
}
/** The entries ask for the file beside them. */
const MAIN_BESIDE = {
  name: 'main beside',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './main.cjs', external: true })),
}
/** A bundled CommonJS package asks for node's own modules with `require`. */
const REQUIRE = "import { createRequire as createRequireOfNode } from 'node:module'; const require = createRequireOfNode(import.meta.url);"
const NOTICES = 'THIRD-PARTY-LICENSES.txt'
/** Longer than any build takes: a temporary file of that age belongs to nobody. */
const ABANDONED_MS = 600_000

/** The JavaScript. About 0.1 seconds: quick enough to be done before every use, so that nothing ever meets an old one. */
export async function bundle() {
  const built = await Promise.all([
    bundleCommand(COMMAND),
    build({ ...COMMAND, entryPoints: { 'cli/attach': 'src/cli/attach.ts', 'cli/detach': 'src/cli/detach.ts' }, plugins: [MAIN_BESIDE] }),
    build({
      ...COMMON,
      entryPoints: { index: 'src/index.ts' },
      format: 'esm',
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      banner: { js: REQUIRE },
    }),
  ])
  const files = new Map(
    built.flatMap(({ outputFiles }) => outputFiles.map(({ path, contents }) => [relative(DIST, path), Buffer.from(contents)])),
  )
  const inputs = built.flatMap((one) => one.inputs ?? Object.keys(one.metafile.inputs))
  files.set(NOTICES, Buffer.from(notices(inputs)))
  install(files, (name) => !name.endsWith('.d.ts'))
}

/** vitest's global set-up. A tree that does not build has no command: tests of the built one fail, all others still run. */
export async function setup() {
  try {
    await bundle()
  } catch (error) {
    if (!saidByEsbuild(error)) throw error
    for (const entry of ENTRIES) rmSync(join(DIST, entry), { force: true })
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
  for (const name of [...files.keys()].sort((a, b) => ENTRIES.indexOf(a) - ENTRIES.indexOf(b))) put(join(DIST, name), files.get(name))
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
