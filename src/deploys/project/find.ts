import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { labelOf } from '../address.ts'
import type { Project } from './read.ts'
import { invalid } from './refusal.ts'

export const PROJECT_FILE = 'attach.yaml'
export const MISNAMED_FILE = 'attach.yml'

/**
 * What attach.yaml says in a directory (absolute). Null: none stands there. What reads it is loaded only then. Throws CONFIG_INVALID: whatever is
 * wrong with it, its deploys may be protected, so nothing goes on without it.
 */
export async function projectAt(directory: string, cwd: string): Promise<Project | null> {
  const path = join(directory, PROJECT_FILE)
  if (stands(path)) return await (await import('./read.ts')).readProject(path, labelOf(path, cwd))
  if (!stands(join(directory, MISNAMED_FILE))) return null
  const label = labelOf(join(directory, MISNAMED_FILE), cwd)
  throw invalid(
    `${label} is not read, and its deploys may be protected: the name is ${PROJECT_FILE}`,
    `mv ${MISNAMED_FILE} ${PROJECT_FILE}`,
  )
}

/** A link to nothing stands there too. A directory that may not be looked into has none for this person, who may as well start elsewhere. */
export function stands(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
