import { run } from './run.js'

const INSTALL_MS = 300_000

/** `npm ci` in a folder that is a package of its own, for the tests alone. Nothing of what is installed is run. Tells how it ended. */
export async function npmCi(folder, say) {
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const { code } = await run('npm', words, { cwd: folder, env: ownEnvironment(), timeoutMs: INSTALL_MS })
  if (code !== 0) say(`npm ended with ${code}`)
}

/** As a person would start npm: an npm that started us says where it works. */
function ownEnvironment() {
  const npms = /^npm_(?:package|lifecycle|command|config_local_prefix)|^INIT_CWD$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !npms.test(name)))
}
