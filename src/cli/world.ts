import { readFileSync } from 'node:fs'
import { locate } from '../deploys/locate.ts'
import type { Secret } from '../domain/secret.ts'
import { readEnv } from '../formats/dotenv.ts'
import { KINDS } from '../kinds/registry.ts'
import type { Host } from '../ports/host.ts'
import type { Line } from './grammar.ts'
import { located } from './settings.ts'

/** The keys of the config that a line chooses, for telling a key from a mistyped command. No config has none. */
export function keysAt(line: Line, host: Host): ReadonlySet<string> {
  const { where, directory } = located(line)
  try {
    return new Set(readEnv(readFileSync(locate(where, host.cwd, directory).path)).entries.keys())
  } catch {
    return new Set() // Whatever is wrong with it is said by the command that works on it.
  }
}

/** The key that usually holds such a handle. */
export function usualKey(handle: Secret): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(handle.reveal())?.[1]
  return KINDS.find(({ schemes }) => scheme !== undefined && schemes.includes(scheme.toLowerCase()))?.usualKey ?? null
}
