import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Liar, liar } from './liars.ts'

/** A folder of its own with a config in it. */
export interface Scratch {
  readonly path: string
  /** `.env` in it. */
  readonly env: string
  at(...names: readonly string[]): string
  write(name: string, text: string | Uint8Array): void
  read(name?: string): string
  [Symbol.dispose](): void
}

/** `text`: what its `.env` holds; none is made without it. */
export function scratch(text?: string): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'attach-cli-'))
  const at = (...names: readonly string[]): string => join(path, ...names)
  const made: Scratch = {
    path,
    env: at('.env'),
    at,
    write: (name, content) => {
      mkdirSync(dirname(at(name)), { recursive: true })
      writeFileSync(at(name), content)
    },
    read: (name = '.env') => readFileSync(at(name), 'utf8'),
    [Symbol.dispose]: () => {
      openUp(path)
      rmSync(path, { recursive: true, force: true })
    },
  }
  if (text !== undefined) made.write('.env', text)
  return made
}

function openUp(path: string): void {
  if (lstatSync(path).isDirectory()) chmodSync(path, 0o700)
}

/** Every name below a folder with its type, rights, owner, times and content: what differs was written. */
export function treeOf(path: string): Readonly<Record<string, string>> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(['', ...names].map((name) => [name === '' ? '.' : name, lookOf(join(path, name))]))
}

function lookOf(path: string): string {
  const found = lstatSync(path, { bigint: true })
  const content = found.isSymbolicLink()
    ? `-> ${readlinkSync(path)}`
    : found.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
      : 'directory'
  return `${found.mode.toString(8)} ${found.uid}:${found.gid} ino ${found.ino} size ${found.size} mtime ${found.mtimeNs} ${content}`
}

/** The bytes and the time of the config: equal twice, and nobody wrote it. */
export const configOf = ({ env }: Scratch): string => (existsSync(env) ? lookOf(env) : 'absent')

/** Gives everything below a folder to a user and a group of that number. Only root can. */
export function give(path: string, uid: number): void {
  chownSync(path, uid, uid)
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) chownSync(join(path, name), uid, uid)
}

/** One line of a journal. */
export interface JournalLine {
  readonly seq: number
  readonly type: 'intent' | 'claim' | 'close'
  readonly verb?: string
  readonly verdict?: string
  readonly settled?: string
  readonly release?: number
  readonly message?: string
  readonly unprobed?: boolean
  readonly allowed?: readonly string[]
  readonly edited?: readonly string[]
  readonly by: { readonly user: string }
}

export const journalPath = ({ at }: Scratch, config = '.env'): string => at('.attach', config, 'journal')

/** The journal beside a config, oldest first; empty when there is none. */
export function journalOf(place: Scratch, config = '.env'): readonly JournalLine[] {
  const path = journalPath(place, config)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** How each operation ended: `committed`, `aborted` … and `open` for one that has no close. */
export function verdictsOf(place: Scratch, config = '.env'): readonly string[] {
  const verdicts: string[] = []
  for (const { type, verdict } of journalOf(place, config)) {
    if (type === 'intent') verdicts.push('open')
    if (type === 'close') verdicts[verdicts.length - 1] = verdict ?? 'closed'
  }
  return verdicts
}

/** Leaves the last operation as a process does that was killed before it could close it. `config`: what it left in the config. */
export function reopen(place: Scratch, config: string): void {
  const path = journalPath(place)
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const last = lines.at(-1)
  if (last === undefined || !last.includes('"type":"close"')) throw new Error('the last operation is not closed')
  writeFileSync(path, `${lines.slice(0, -1).join('\n')}\n`)
  place.write('.env', config)
}

/** Node's name of a file call, and what happens at the first one whose path holds `path`. */
export interface Trap {
  readonly call: 'openSync' | 'renameSync' | 'unlinkSync' | 'writeSync' | 'fsyncSync' | 'readFileSync' | 'existsSync'
  readonly path?: string
  readonly when?: 'before' | 'after'
  /** The first such call, or a later one. */
  readonly nth?: number
  /** A signal to itself, or a failure with this code. */
  readonly does: 'SIGKILL' | 'SIGSTOP' | 'ENOSPC' | 'EIO' | 'bug'
  /** Thrown as the message of a bug. */
  readonly text?: string
}

/** The environment in which the command meets these traps, each once. */
export function trapped(...traps: readonly Trap[]): { readonly NODE_OPTIONS: string } {
  const told = traps.map(({ text = '', ...trap }) => ({ ...trap, codes: Array.from(text, (letter) => letter.charCodeAt(0)) })) // NODE_DEBUG prints this.
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`const traps = ${JSON.stringify(told)}\n${TRAPPING}`)}` }
}

const TRAPPING = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const paths = new Map()
const wrap = (name, around) => { const real = fs[name]; fs[name] = (...args) => around(args, () => real(...args)) }
wrap('openSync', (args, real) => { const fd = real(); paths.set(fd, String(args[0])); return fd })
const spring = ({ does, codes, call }) => {
  if (does === 'bug') throw new TypeError(String.fromCharCode(...codes))
  if (!does.startsWith('SIG')) throw Object.assign(new Error(does), { code: does, syscall: call })
  process.kill(process.pid, does)
}
for (const trap of traps) {
  const { call, path = '/', when = 'before', nth = 1 } = trap
  const names = (arg) => (typeof arg === 'number' ? paths.get(arg) ?? '' : typeof arg === 'string' ? arg : '')
  let seen = 0
  wrap(call, (args, real) => {
    const meant = args.some((arg) => names(arg).includes(path)) && (seen += 1) === nth
    if (meant && when === 'before') spring(trap)
    const result = real()
    if (meant && when === 'after') spring(trap)
    return result
  })
}
syncBuiltinESMExports()
`

/** Waits until a process that we started is frozen. Throws when it ends instead. */
export async function frozen(pid: number): Promise<void> {
  const stat = `/proc/${pid}/stat`
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const state = existsSync(stat) ? /^\d+ \(.*\) (\w)/.exec(readFileSync(stat, 'utf8'))?.[1] : 'Z'
    if (state === 'T') return
    if (state === 'Z') throw new Error('the process ended without being frozen')
  }
  throw new Error('the process was not frozen in 15 s')
}

/** Stands before a real server and lets nobody through until it is opened. */
export interface Gate extends Liar {
  /** Somebody waits at it. */
  readonly reached: Promise<void>
  letThrough(): void
}

export async function gate(port: number): Promise<Gate> {
  const reached = deferred()
  const opened = deferred()
  const made = await liar((socket) => {
    socket.pause()
    reached.resolve()
    void opened.promise.then(() => {
      const through = connect({ port, host: '127.0.0.1' })
      through.on('error', () => socket.destroy())
      socket.on('close', () => through.destroy())
      socket.pipe(through).pipe(socket)
    })
  })
  return { ...made, reached: reached.promise, letThrough: () => opened.resolve(), [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

/** Node 20 has no Promise.withResolvers. */
function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}
