// Bundles a command: one file that every run reads, and one for each kind of resource, read when a value is of that kind.
//
// Node reads and checks all of a file before it runs any of it, so what most runs do not need stands apart: with every kind inside, a change
// took a fifth longer. A module that two of the files need is in the first one alone, and runs once: the others ask that one for it.
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

const MAIN = 'src/cli/main.ts'
/** What loads the kinds, with `import()`. */
const REGISTRY = 'src/kinds/registry.ts'

/** The output files of esbuild for `cli/main` and `cli/KIND`, and the paths of all modules in them. `options` are those of a CommonJS build. */
export async function bundleCommand(options) {
  const { inputs, outputs } = await seen(options)
  const kinds = new Map(kindsIn(inputs).map((entry) => [entry, { name: basename(dirname(entry)), exports: exportsOf(entry, outputs) }]))
  const isKind = (path) => kinds.has(path)
  const inMain = reach(MAIN, inputs, isKind)
  const reached = [...kinds.keys()].map((entry) => reach(entry, inputs, (path) => path !== entry && isKind(path)))
  for (const path of reached.flatMap((paths) => [...paths])) if (reached.filter((paths) => paths.has(path)).length > 1) inMain.add(path)
  const asked = new Set(
    reached
      .flatMap((paths) => [...paths].filter((path) => !inMain.has(path)).flatMap((path) => importsOf(path, inputs)))
      .filter((path) => inMain.has(path)),
  )
  const main = build({
    ...options,
    stdin: { contents: mainWith([...asked].sort()), resolveDir: options.absWorkingDir, sourcefile: 'main' },
    outdir: undefined,
    outfile: join(options.outdir, 'cli/main.cjs'),
    plugins: [kindsApart(kinds, options.absWorkingDir)],
  })
  const others = [...kinds].map(([entry, { name }]) =>
    build({ ...options, entryPoints: { [`cli/${name}`]: entry }, plugins: [askedOfMain(inMain, options.absWorkingDir)] }),
  )
  const built = await Promise.all([main, ...others])
  return { outputFiles: built.flatMap(({ outputFiles }) => outputFiles), inputs: Object.keys(inputs) }
}

/** What imports what, and what each entry exports. */
async function seen(options) {
  const { metafile } = await build({
    ...options,
    entryPoints: [MAIN],
    format: 'esm',
    supported: {},
    splitting: true,
    outExtension: {},
    banner: {},
  })
  return metafile
}

const kindsIn = (inputs) =>
  inputs[REGISTRY].imports
    .filter(({ kind, path }) => kind === 'dynamic-import' && dirname(path) !== dirname(REGISTRY))
    .map(({ path }) => path)

const exportsOf = (entry, outputs) => Object.values(outputs).find(({ entryPoint }) => entryPoint === entry).exports

const importsOf = (path, inputs) => inputs[path].imports.filter(({ external }) => external !== true).map((one) => one.path)

function reach(from, inputs, isElsewhere) {
  const reached = new Set()
  const next = [from]
  for (const path of next) {
    if (reached.has(path) || isElsewhere(path)) continue
    reached.add(path)
    next.push(...importsOf(path, inputs))
  }
  return reached
}

/** The first file also hands out the modules that the others ask for. */
const mainWith = (asked) =>
  `export * from './${MAIN}'\nexport const inside = {\n${asked.map((path) => `  '${path}': () => require('./${path}'),\n`).join('')}}\n`

function kindsApart(kinds, root) {
  return {
    name: 'kinds apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, async ({ path, importer, kind, resolveDir }) => {
        if (kind !== 'dynamic-import' || relative(root, importer) !== REGISTRY) return undefined
        const entry = relative(root, join(resolveDir, path))
        return kinds.has(entry) ? { path: entry, namespace: 'kind' } : undefined
      })
      onResolve({ filter: /./, namespace: 'kind' }, ({ path }) => ({ path, external: true }))
      onLoad({ filter: /./, namespace: 'kind' }, ({ path }) => {
        const { name, exports } = kinds.get(path)
        const each = exports.map((one) => `export ${one === 'default' ? 'default' : `const ${one} =`} its.${one}\n`)
        return { contents: `const its = require('./${name}.cjs')\n${each.join('')}` }
      })
    },
  }
}

function askedOfMain(inMain, root) {
  return {
    name: 'asked of main',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, namespace }) => {
        if (namespace === 'inside') return { path, external: true }
        const module = relative(root, join(resolveDir, path))
        return inMain.has(module) ? { path: module, namespace: 'inside' } : undefined
      })
      onLoad({ filter: /./, namespace: 'inside' }, ({ path }) => ({
        contents: `module.exports = require('./main.cjs').inside['${path}']()`,
      }))
    },
  }
}
