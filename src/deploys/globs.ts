import { readdir, realpath } from 'node:fs'
import { resolve } from 'node:path'
import type { Warning } from '../domain/document.ts'
import { AttachError } from '../domain/errors.ts'
import { oneLine } from '../domain/redact.ts'
import { codeOf, fileTrouble, isSystemError } from '../stores/trouble.ts'
import { labelOf, pathIn } from './address.ts'
import { stands } from './project/find.ts'

/** What the patterns lead to (absolute), and what is to be said of them. */
export interface Found {
  readonly paths: readonly string[]
  readonly missed: readonly Warning[]
}

/** A pattern that leads through a whole disk is not waited for. */
const WALK_MS = 10_000
const LOOKS_MAX = 100_000
const MAGIC = /[*?[\]{}()|\\]|^!/

/**
 * The files that patterns lead to, as a shell would expand them: `*` is no hidden name, a link to a directory is followed. A path that stands there
 * is taken as it is. What cannot be looked into is told. Throws USAGE, INTERRUPTED.
 */
export async function filesOf(patterns: readonly string[], base: string, cwd: string, signal: AbortSignal): Promise<Found> {
  const paths: string[] = []
  const missed: Warning[] = []
  for (const pattern of patterns) {
    const path = resolve(base, pathIn(pattern, base) ?? pattern)
    if (stands(path)) paths.push(path)
    else if (MAGIC.test(pattern)) {
      const expanded = await expand(pattern, base, cwd, signal)
      paths.push(...expanded.paths)
      missed.push(...expanded.missed)
      if (expanded.paths.length === 0) missed.push(unmatched(pattern, 'matches nothing'))
    } else missed.push(unmatched(pattern, 'does not exist'))
  }
  return { paths, missed }
}

/** An address that is no path may hold credentials: nothing of it is shown. */
const unmatched = (pattern: string, how: string): Warning => ({
  code: 'config.unmatched',
  message: `${/@|:\//.test(pattern) ? 'a pattern of -c' : oneLine(pattern)} ${how}`,
})

async function expand(pattern: string, base: string, cwd: string, signal: AbortSignal): Promise<Found> {
  const { glob } = await import('tinyglobby')
  using walk = new Walk(signal)
  const options = {
    cwd: base,
    signal: walk.signal,
    onlyFiles: false, // A directory in the place of a config is told when it is read.
    expandDirectories: false,
    debug: false, // Or a variable of the environment makes it print.
    fs: { readdir: walk.watched(readdir), realpath: walk.watched(realpath) },
  }
  const found = await glob([pattern], options).catch((error: unknown) => {
    throw notExpandable(error)
  })
  if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
  if (walk.signal.aborted)
    throw refused(`a pattern of -c leads through more than attach looks at (${LOOKS_MAX} folders and links, ${WALK_MS / 1_000} s)`)
  const paths = found.map((path) => resolve(base, path)).sort()
  const missed = [...walk.closed].map(([path, error]) => ({
    code: 'config.unreadable',
    message: fileTrouble(`${labelOf(path, cwd)} cannot be looked into`, error).message.replace(/; nothing was changed$/, ''),
  }))
  return { paths, missed }
}

/** One walk of the library through folders and links, which has neither a bound of its own nor a word for what it may not read. */
class Walk {
  /** What could not be looked into: a config in it would be missed in silence. */
  readonly closed = new Map<string, Error>()
  readonly #stopped = new AbortController()
  readonly #stop = (): void => this.#stopped.abort()
  readonly #timer = setTimeout(this.#stop, WALK_MS)
  readonly #outer: AbortSignal
  #looks = 0

  constructor(outer: AbortSignal) {
    this.#outer = outer
    outer.addEventListener('abort', this.#stop)
  }

  get signal(): AbortSignal {
    return this.#stopped.signal
  }

  /** A call of `node:fs` with a callback, counted. Once the walk is stopped nothing is asked of the disk any more. */
  watched<F extends (...args: never[]) => void>(call: F): F {
    return new Proxy(call, {
      apply: (real, self, [path, ...rest]: readonly unknown[]) => {
        const done = rest.at(-1)
        const answer = (...said: readonly unknown[]): void => {
          if (typeof done === 'function') Reflect.apply(done, undefined, said)
        }
        this.#looks += 1
        if (this.#looks > LOOKS_MAX) this.#stop()
        if (this.signal.aborted) return void setImmediate(answer, new Error('stopped'))
        const heard = (error: unknown, ...found: readonly unknown[]): void => {
          if (isSystemError(error) && !['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code)) this.closed.set(String(path), error)
          answer(error, ...found)
        }
        Reflect.apply(real, self, [path, ...rest.slice(0, -1), heard])
      },
    })
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#stop)
  }
}

/** What is no failed system call is the library's own word about the pattern. */
function notExpandable(error: unknown): Error {
  if (!(error instanceof Error) || codeOf(error) !== null) return fileTrouble('a pattern of -c cannot be followed', error)
  return refused('a pattern of -c cannot be read')
}

const refused = (what: string): AttachError => new AttachError('USAGE', what, { hint: "-c 'deploys/*/.env'" })
