import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Templates hold no config of a deploy. */
const TEMPLATE = /^\.env\.(.+\.)?(example|sample|template|dist|defaults?)$/

/** The names of the `.env` files of a directory, templates aside. Throws the system's own errors. */
export const configsIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => /^\.env(\.|$)/.test(name) && !TEMPLATE.test(name) && !name.endsWith('.tmp'))
    .sort()

/** A `.env` in a parent directory, up to the root of the git checkout. Outside of one, parents are nobody's business. */
export function envAbove(directory: string): string | null {
  const parents: string[] = []
  for (let at = directory; ; at = dirname(at)) {
    if (at !== directory) parents.push(join(at, '.env'))
    if (existsSync(join(at, '.git'))) return parents.find((path) => existsSync(path)) ?? null
    if (dirname(at) === at) return null
  }
}
