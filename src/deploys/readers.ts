import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ENV_BYTES_MAX, readEnv } from '../formats/dotenv.ts'
import type { ReaderName } from '../formats/reader-names.ts'
import { readRegular } from '../stores/read-file.ts'

/** Files that show which readers a project has. */
const SHOWS: readonly (readonly [file: string, readers: readonly ReaderName[]])[] = [
  ['Dockerfile', ['docker', 'podman']],
  ['compose.yaml', ['docker', 'compose']],
  ['compose.yml', ['docker', 'compose']],
  ['docker-compose.yaml', ['docker', 'compose']],
  ['docker-compose.yml', ['docker', 'compose']],
  ['next.config.js', ['next']],
  ['next.config.mjs', ['next']],
  ['next.config.ts', ['next']],
  ['vite.config.js', ['vite']],
  ['vite.config.ts', ['vite']],
  ['Gemfile', ['ruby']],
  ['composer.json', ['phpdotenv', 'symfony']],
  ['bun.lock', ['bun']],
  ['deno.json', ['deno']],
]

/** The readers that the project beside a config shows. */
export const readersShown = (path: string): ReadonlySet<string> =>
  new Set(SHOWS.filter(([file]) => existsSync(join(dirname(path), file))).flatMap(([, readers]) => readers))

/** Files beside a config that set the same key, and that some readers prefer to it. */
export function hidersOf(path: string, key: string): readonly string[] {
  const name = basename(path)
  if (!/^\.env(\.[A-Za-z0-9_-]+)?$/.test(name) || name.endsWith('.local')) return []
  return [`${name}.local`].filter((other) => keysIn(join(dirname(path), other)).has(key))
}

/** The keys of a `.env` file. None where there is no such file, or none that can be read: what is wrong with it is said elsewhere. */
export function keysIn(path: string): ReadonlySet<string> {
  try {
    const read = readRegular(path, ENV_BYTES_MAX)
    return 'bytes' in read ? new Set(readEnv(read.bytes).entries.keys()) : new Set()
  } catch {
    return new Set()
  }
}
