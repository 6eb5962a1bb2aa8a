import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Change, Key, Value } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import type { Close, Ending, Entry, Intent, Seq, ValuesId } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { FileStore, type FileStoreOptions } from '../../src/stores/file.ts'
import { type StateDir, stateDirOf } from '../../src/stores/state-dir.ts'
import { findProgram } from './processes.ts'

export const KEY = 'DATABASE_URL' as Key
export const signal = new AbortController().signal
export const isRoot = process.geteuid?.() === 0
/** Somebody who owns nothing here. */
export const NOBODY = 1000

/** A folder with a config in it, its record, and stores on it. Everything is gone after `remove`. */
export interface Files {
  readonly folder: string
  readonly config: string
  readonly state: StateDir
  store(options?: Partial<FileStoreOptions>): FileStore
  text(): string
  /** A `flock` that first does `begins`, in this folder, and then what the real one does. Returns the PATH where it is found. */
  flock(begins: string): string
  remove(): Promise<void>
}

export interface FilesOptions {
  /** The text of the config. Null: there is none. */
  readonly text?: string | null
  readonly name?: string
}

export function files({ text = 'DATABASE_URL=old\n', name = '.env' }: FilesOptions = {}): Files {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'attach-files-')))
  chmodSync(folder, 0o755)
  const config = join(folder, name)
  if (text !== null) writeFileSync(config, text, { mode: 0o600 })
  const opened: FileStore[] = []
  return {
    folder,
    config,
    state: stateDirOf(config, undefined),
    store: (options = {}) => {
      const store = new FileStore({ ...optionsFor(config), ...options })
      opened.push(store)
      return store
    },
    text: () => readFileSync(config, 'utf8'),
    flock: (begins) => {
      const bin = join(folder, 'bin')
      mkdirSync(bin)
      writeFileSync(join(bin, 'flock'), `#!/bin/sh\ncd '${folder}'\n${begins}\nexec ${findProgram('flock')} "$@"\n`, { mode: 0o755 })
      return bin
    },
    remove: async () => {
      for (const store of opened) await store[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const optionsFor = (path: string): FileStoreOptions => ({
  label: '.env',
  path,
  lockTimeoutMs: 100,
  lockStyle: process.platform === 'darwin' ? 'o_exlock' : 'flock',
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  onWait: () => {},
})

const stamp = { by: { user: 'ann', host: 'here', pid: 4711 }, at: '2026-01-02T03:04:05.678Z' }
export const STAMP = stamp

export const change = (before: string | null, after: string | null, key = KEY): Change => {
  const value = (text: string | null): Value => (text === null ? null : new Secret(text))
  return { key, before: value(before), after: value(after) }
}

export const plain = (changes: readonly Change[]): readonly (readonly [string, string | null, string | null])[] =>
  changes.map(({ key, before, after }) => [key, before?.reveal() ?? null, after?.reveal() ?? null])

export const intentAt = (seq: Seq, rest: Partial<Intent> = {}): Intent => ({
  type: 'intent',
  seq,
  verb: 'swap',
  values: createHash('sha256').update(`values ${seq}`).digest('hex').slice(0, 16) as ValuesId,
  shown: [{ key: KEY, from: null, to: 'postgres://app@db/app' }],
  revertible: true,
  edited: [],
  ...stamp,
  ...rest,
})

export const closeAt = (seq: Seq, intent: Seq, release: number, ending: Ending = { verdict: 'committed', settled: 'yes' }): Close => ({
  type: 'close',
  seq,
  intent,
  release,
  ...ending,
  ...stamp,
})

export const claimAt = (seq: Seq, intent: Seq): Entry => ({ type: 'claim', seq, intent, undo: false, landed: false, ...stamp })

/** Values, then the intent that names them. */
export async function begin({ journal }: FileStore, changes: readonly Change[] = [change('old', 'new')]): Promise<Intent> {
  const { seq } = await journal.head()
  const intent = intentAt(seq + 1)
  await journal.keep(intent.seq, intent.values, changes, signal)
  await journal.append(intent, signal)
  return intent
}

export async function end({ journal }: FileStore, { seq: intent }: Intent, ending?: Ending): Promise<Close> {
  const { seq, release } = await journal.head()
  const close = closeAt(seq + 1, intent, ending === undefined || ending.verdict === 'committed' ? release + 1 : release, ending)
  await journal.append(close, signal)
  return close
}

/** That many releases, v1 to vN, each of which wrote its own name. */
export async function releases(store: FileStore, count: number): Promise<readonly Intent[]> {
  const intents: Intent[] = []
  for (let done = 0; done < count; done += 1) {
    const { release } = await store.journal.head()
    const now = (await store.read()).entries.get(KEY)?.reveal() ?? null
    const changes = [change(now, `v${release + 1}`)]
    const intent = await begin(store, changes)
    await store.write(changes, { ifHead: intent.seq })
    await end(store, intent)
    intents.push(intent)
  }
  return intents
}

/** The code of what a promise throws; `resolved` when it does not. */
export const outcome = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'resolved', codeOf)

export const thrown = (promise: Promise<unknown>): Promise<{ readonly code: string; readonly message: string; readonly hint: string }> =>
  promise.then(
    () => ({ code: 'resolved', message: '', hint: '' }),
    (error: unknown) => ({ code: codeOf(error), message: error instanceof Error ? error.message : '', hint: hintOf(error) }),
  )

const codeOf = (error: unknown): string => (isAttachError(error) ? error.code : String(error))
const hintOf = (error: unknown): string => (isAttachError(error) ? (error.hint ?? '') : '')

/** `0600 1000:1000` */
export function rightsOf(path: string): string {
  const { mode, uid, gid } = lstatSync(path)
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`
}

/** All names below a folder, sorted. */
export const namesIn = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []

/** A program that Linux has or has not. Its absence is said, and a failure where ATTACH_REQUIRE=all asks for everything. */
export function programOrSkip(program: string): boolean {
  if (findProgram(program) !== null) return true
  if (process.env['ATTACH_REQUIRE'] === 'all') throw new Error(`${program} is not installed, and ATTACH_REQUIRE=all asks for it`)
  process.stderr.write(`SKIPPED: ${program} is not installed; the tests that need it did not run\n`)
  return false
}

/** Some tests give files to other users, or mount something. */
export function rootOrSkip(what: string): boolean {
  if (isRoot) return true
  process.stderr.write(`SKIPPED: ${what} needs root; the tests that need it did not run\n`)
  return false
}

/** Mounts of our own, which nobody else sees. */
export function mountsOrSkip(): boolean {
  if (isRoot && spawnSync('unshare', ['-m', 'true']).status === 0) return true
  process.stderr.write('SKIPPED: a mount namespace of our own cannot be had (unshare -m as root); the tests that need it did not run\n')
  return false
}

/** A script that other processes can run: the words of test/support/files.ts are in it, and `argv`. Returns its path. */
export async function script(body: string, folder: string): Promise<string> {
  const path = join(folder, `script-${createHash('sha256').update(body).digest('hex').slice(0, 8)}.mjs`)
  const contents = `import * as files from './files.ts'\nconst argv = process.argv.slice(2)\n${body}`
  const { build } = await import('esbuild')
  const here = resolve(import.meta.dirname)
  await build({
    stdin: { contents, resolveDir: here, sourcefile: 'script.ts', loader: 'ts' },
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['esbuild'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    logLevel: 'silent',
  })
  return path
}

/** Waits until a process has written `text` on its stdout. */
export function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
      if (said.includes(text)) resolve()
    })
    child.once('close', (code) => reject(new Error(`ended with ${code} before it said ${text}: ${said}`)))
  })
}

/** flock(1) holds the lock of `state` until it is ended. */
export async function holder({ lock }: StateDir): Promise<ChildProcess> {
  const words = 'echo held; exec >/dev/null; while kill -0 $PPID; do sleep 0.1; done'
  const child = spawn('flock', ['-x', '-o', lock, 'sh', '-c', words], { stdio: ['ignore', 'pipe', 'ignore'] })
  await says(child, 'held')
  return child
}
