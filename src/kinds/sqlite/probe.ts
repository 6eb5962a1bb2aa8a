import type { FileHandle } from 'node:fs/promises'
import { type Finding, found } from '../../domain/finding.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { type Failed, probing, type Run } from '../probing.ts'
import { type Access, accessTo } from './access.ts'
import { type Found, findFile, firstBytes, type Look, letGo, openFile, statsOf } from './disk.ts'
import { asFailed, failed, noFile } from './failure.ts'
import { REMARKED } from './guards/checks.ts'
import type { Sqlite } from './handle.ts'
import { HEADER_BYTES, type Header, isHeader, readHeader } from './header.ts'
import { readSidecars, type Sidecars } from './sidecars.ts'

export const SERVICE = 'SQLite'

/** A file that a probe found well, still open for reading. */
export interface Live {
  readonly resource: Sqlite
  /** Behind all links. */
  readonly path: string
  readonly file: FileHandle
}

export interface Opened {
  readonly report: ProbeReport
  readonly live: Live | null
}

export async function probeSqlite(resource: Sqlite, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openSqlite(resource, context)
  if (live !== null) letGo(live.file)
  return report
}

/**
 * Finds the file (`resolve`), opens it for reading (`connect`), reads its header (`speak`), asks for this user's rights (`login`), and looks at its
 * length and at what stands beside it (`use`). Nothing is locked, written or made. `secure` has nothing to do.
 */
export async function openSqlite(resource: Sqlite, context: ProbeContext): Promise<Opened> {
  let live: Live | null = null
  const report = await probing(context, SERVICE, async (run) => {
    let file: FileHandle | null = null
    let held: Live | null = null
    try {
      const there = await locate(run, resource)
      if (run.passed()) return
      file = await opened(there, lookOf(run))
      if (run.passed() || run.passed()) return
      if (await isDeepEnough(run, resource, there, file)) held = { resource, path: there.path, file }
      live = held
    } catch (error) {
      throw asFailed(error)
    } finally {
      if (file !== null && (held === null || run.signal.aborted)) letGo(file)
    }
  })
  return { report, live: report.ok ? live : null }
}

const lookOf = (run: Run): Look => ({
  ms: Math.min(run.exchangeMs, run.at === 'resolve' ? run.connectMs : run.exchangeMs),
  signal: run.signal,
})

async function locate(run: Run, { path, otherwise }: Sqlite): Promise<Found> {
  const there = await findFile(path, lookOf(run)).catch(async (error: unknown) => {
    const elsewhere = otherwise === null ? null : await findFile(otherwise, lookOf(run)).catch(() => null)
    throw elsewhere === null
      ? error
      : failed('ENOENT', `there is no file at ${path}`, `one stands at ${otherwise}: an absolute path is written with four slashes`)
  })
  const stranger = noFile(there.stats)
  if (stranger !== null) throw stranger
  if (there.isLink) run.findings.push(passing(found(REMARKED.link, `a link to ${there.path}`)))
  return there
}

/** What is worth knowing, and nothing to worry about. */
const passing = (finding: Finding): Finding => ({ ...finding, status: 'pass' })

async function opened({ path, stats }: Found, look: Look): Promise<FileHandle> {
  const file = await openFile(path, look)
  if (file === null) throw failed('not-a-file', 'no file stands there any more', 'name the file of the database')
  try {
    const now = await statsOf(file, look)
    if (now.ino === stats.ino && now.dev === stats.dev) return file
  } catch (error) {
    letGo(file)
    throw error
  }
  letGo(file)
  throw failed('replaced', 'the file was replaced while it was looked at', 'run it again', { class: 'transient' })
}

/** The stages `speak`, `login`, `use`. Whether it came through the last. */
async function isDeepEnough(run: Run, resource: Sqlite, { path, stats }: Found, file: FileHandle): Promise<boolean> {
  const { size } = stats
  const header = await headerOf(file, size, lookOf(run))
  learnHeader(run, header, size)
  if (run.passed()) return false
  const access = await accessTo(path, resource, lookOf(run))
  const sidecars = await readSidecars(path, header?.pageSize ?? 4096, lookOf(run))
  refuseUnreadable(resource, header, { access, sidecars })
  run.learn({ role: 'primary', writable: access.writes === 'yes' })
  if (run.passed()) return false
  judgeLength(run, header, { size, sidecars })
  learnSidecars(run, sidecars)
  return run.passed()
}

/** Null: the file has no bytes, which is a database without tables. */
export async function headerOf(file: FileHandle, size: number, look: Look): Promise<Header | null> {
  if (size === 0) return null
  const read = readHeader(await firstBytes(file, HEADER_BYTES, look))
  if (!isHeader(read)) throw failed(read.code, read.reason, read.hint)
  return read
}

function learnHeader(run: Run, header: Header | null, bytes: number): void {
  const product = SERVICE
  if (header === null) {
    run.findings.push(
      found(REMARKED.empty, 'the file is empty: SQLite takes it for a database without tables', {
        remedy: 'restore the database to it, or let the app make its tables',
      }),
    )
    run.learn({ product, more: { bytes } })
    return
  }
  const { version, mode, pages, userVersion } = header
  run.learn({
    product,
    ...(version === null ? {} : { version }),
    more: { bytes, ...(pages === null ? {} : { pages }), mode, user_version: userVersion },
  })
}

interface Beside {
  readonly access: Access
  readonly sidecars: Sidecars
}

/** https://www.sqlite.org/wal.html#read_only_databases */
function refuseUnreadable({ immutable }: Sqlite, header: Header | null, { access, sidecars: { shm, wal } }: Beside): void {
  if (header?.mode !== 'wal' || immutable || access.folder || (shm && wal !== null)) return
  throw failed(
    'wal-unreadable',
    'in WAL mode, and this user may make no -shm beside it: it cannot even be read',
    'let the user write in its folder; or add ?immutable=1 if nobody ever writes to it',
  )
}

function judgeLength(run: Run, header: Header | null, { size, sidecars }: { readonly size: number; readonly sidecars: Sidecars }): void {
  if (header === null || header.pages === null) return
  const whole = header.pages * header.pageSize
  if (size < whole) throw tooShort(size, whole, sidecars)
  if (size > whole)
    run.findings.push(
      passing(
        found(
          REMARKED.long,
          `the file has ${size.toLocaleString('en-US')} bytes, and its header tells of ${whole.toLocaleString('en-US')}`,
        ),
      ),
    )
}

/** While a transaction is written to it, a file may be shorter than its header says. */
function tooShort(size: number, whole: number, { wal, journal }: Sidecars): Failed {
  const figures = `${size.toLocaleString('en-US')} of ${whole.toLocaleString('en-US')} bytes`
  if ((wal !== null && wal.pending > 0) || journal === 'cut off')
    return failed(
      'unfinished',
      `it is being written, or a write was cut off: ${figures}`,
      'try again; if it stays, open it once with sqlite3, which finishes or undoes the write',
      {
        class: 'transient',
      },
    )
  return failed(
    'cut-short',
    `the file is cut short: ${figures} are there`,
    'copy or restore it again; sqlite3 FILE "PRAGMA integrity_check" looks at all of it',
  )
}

function learnSidecars(run: Run, { wal, journal }: Sidecars): void {
  if (wal !== null) run.learn({ more: { wal_pages_pending: wal.pending } })
  if (journal !== 'cut off') return
  run.findings.push(
    found(
      REMARKED.journal,
      'a -journal stands beside it: a transaction is under way, or was cut off and is undone by whoever opens it next',
      {
        remedy: 'never move or remove it without the file; if no app runs, open the file once with sqlite3',
      },
    ),
  )
}
