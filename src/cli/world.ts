import { locate } from '../deploys/locate.ts'
import { keysIn } from '../deploys/readers.ts'
import type { Secret } from '../domain/secret.ts'
import { rowOfScheme, schemeOf } from '../kinds/registry.ts'
import type { Host } from '../ports/host.ts'
import type { Line } from './grammar.ts'
import { located } from './settings.ts'

/** The keys of the config that a line chooses, for telling a key from a mistyped command. No config has none. */
export async function keysAt(line: Line, host: Host): Promise<ReadonlySet<string>> {
  const { where, directory } = located(line)
  try {
    return keysIn((await locate(where, host.cwd, directory)).path)
  } catch {
    return new Set() // Whatever is wrong with the place is said by the command that works on it.
  }
}

/** The key that usually holds such a handle. */
export function usualKey(handle: Secret): string | null {
  const scheme = schemeOf(handle.reveal())
  return scheme === null ? null : (rowOfScheme(scheme)?.usualKey ?? null)
}
