import { join } from 'node:path'
import type { Warning } from '../domain/document.ts'
import { AttachError } from '../domain/errors.ts'
import { fileTrouble } from '../stores/trouble.ts'
import { realPath } from './address.ts'
import { configsIn } from './env-files.ts'
import { filesOf } from './globs.ts'
import { type Deploy, deployAt, deploysIn } from './locate.ts'

/** Many deploys, for a question about all of them. */
export interface Configs {
  /** Each config once, in order: those of attach.yaml, or the `.env` files of the directory; then those of the patterns. At least one. */
  readonly deploys: readonly Deploy[]
  /** What was asked for and is not among them. */
  readonly missed: readonly Warning[]
}

/** More than anybody looks into at once. */
export const CONFIGS_MAX = 10_000

/**
 * The deploys of the attach.yaml of a directory (absolute; without one, its `.env` files, templates aside), and what the patterns of `-c` lead to.
 * Of configs only the names are looked at. Throws USAGE where there is none at all, CONFIG_INVALID, UNAVAILABLE, INTERRUPTED.
 */
export async function configsOf(patterns: readonly string[], base: string, cwd: string, signal: AbortSignal): Promise<Configs> {
  const own = (await deploysIn(base, cwd)) ?? envFilesIn(base).map((name) => deployAt(join(base, name), cwd))
  const { paths, missed } = await filesOf(patterns, base, cwd, signal)
  const deploys = new Map<string, Deploy>()
  for (const one of [...own, ...paths.map((path) => deployAt(path, cwd))]) {
    const real = realPath(one.path)
    if (!deploys.has(real)) deploys.set(real, one)
  }
  if (deploys.size > CONFIGS_MAX) {
    throw new AttachError('USAGE', `${deploys.size} configs are more than attach looks into at once (${CONFIGS_MAX})`, {
      hint: 'name fewer of them with -c',
    })
  }
  if (deploys.size > 0) return { deploys: [...deploys.values()], missed }
  const why = missed.length === 0 ? 'no attach.yaml and no .env file stands here' : missed.map(({ message }) => message).join('; ')
  throw new AttachError('USAGE', `there is no config to look into: ${why}`, { hint: "attach where HOST -c 'deploys/*/.env'" })
}

function envFilesIn(base: string): readonly string[] {
  try {
    return configsIn(base)
  } catch (error) {
    throw fileTrouble('the directory cannot be read', error)
  }
}
