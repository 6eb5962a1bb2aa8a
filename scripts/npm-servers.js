import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { npmCi } from './npm-ci.js'

/** A package of its own, so that `npm ci` of the house stays quick. */
const FOLDER = resolve(import.meta.dirname, '../test/npm-servers')

/**
 * Installs the servers of test/npm-servers where they are not there yet.
 * @returns {Promise<readonly string[]>} what is still missing, in words
 */
export async function installNpmServers(say) {
  if (missing().length > 0) {
    say('installing an object store, a CouchDB and a mail server with npm, for the tests alone')
    await npmCi(FOLDER, say)
  }
  return missing().map((name) => `${name} (npm ci --ignore-scripts, in test/npm-servers)`)
}

/** Those that are not there in the version that package.json names. */
function missing() {
  const { dependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'))
  return Object.entries(dependencies).flatMap(([name, version]) => {
    const manifest = join(FOLDER, 'node_modules', name, 'package.json')
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version ? [] : [name]
  })
}
