import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { npmCi } from './npm-ci.js'

/** A package of its own, so that `npm ci` of the house stays quick. */
const FOLDER = resolve(import.meta.dirname, '../test/postgres-majors')

/**
 * Installs the PostgreSQL servers of test/postgres-majors where they are not there yet. Nothing of theirs is run.
 * @returns {Promise<readonly string[]>} what is still missing, in words
 */
export async function installMajors(say) {
  if (missing().length > 0) {
    say('installing PostgreSQL of several majors with npm, for the tests alone')
    await npmCi(FOLDER, say)
  }
  const majors = missing()
  return majors.length === 0 ? [] : [`PostgreSQL ${majors.join(', ')} (npm ci --ignore-scripts, in test/postgres-majors)`]
}

/** The majors that are not there in the version that the lock file names. */
function missing() {
  const { packages } = JSON.parse(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8'))
  const here = new RegExp(`^node_modules/postgres-(\\d+)-${process.platform}-${process.arch}$`)
  return Object.entries(packages).flatMap(([path, { version }]) => {
    const major = here.exec(path)?.[1]
    const manifest = join(FOLDER, path, 'package.json')
    if (major === undefined || (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version)) return []
    return [major]
  })
}
