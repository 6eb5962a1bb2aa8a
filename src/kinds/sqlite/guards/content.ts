import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import type { Told } from '../../../domain/survey.ts'
import { both, bytes, figure, type Sides } from '../../comparing.ts'
import { COMPARED } from './checks.ts'
import type { SqliteFacts } from './survey.ts'

export type SqliteSides = Sides<SqliteFacts>

type Content = Extract<SqliteFacts['content'], { readonly is: unknown }>['is']
type Header = NonNullable<Content['header']>

/** Both headers. Unknown where one of the files has no bytes: that it is empty is for sqlite.size to say. */
const header = ({ content }: SqliteFacts): Told<Header> => {
  if (!('is' in content)) return content
  return content.is.header === null ? { unknown: 'the file is empty' } : { is: content.is.header }
}

/** Apps count their migrations in it (PRAGMA user_version); 0 is where nobody did. */
export const version = (sides: SqliteSides): Finding =>
  both(COMPARED.version, sides, header, ({ userVersion: old }, { userVersion: next }) => {
    const check = COMPARED.version
    if (old === next) return passed(check, old === 0 ? 'neither counts migrations in it' : `user_version ${next} on both`)
    const detail = `user_version ${next}, where the old one has ${old}`
    if (next < old)
      return found(check, `${detail}: migrations are missing`, { remedy: 'run the migrations of the app on it, or restore a newer backup' })
    return found(check, `${detail}: it was migrated further than the app that runs now`, {
      severity: 'warn',
      remedy: 'deploy the version of the app that made those migrations',
    })
  })

export const application = (sides: SqliteSides): Finding =>
  both(COMPARED.application, sides, header, ({ applicationId: old }, { applicationId: next }) => {
    const check = COMPARED.application
    if (old === next) return passed(check, old === 0 ? 'neither names its app' : `${hex(next)} on both`)
    const remedy = 'is that the file of this app?'
    if (old === 0) return found(check, `${hex(next)}, where the old one names no app`, { severity: 'warn', remedy })
    return found(check, `${next === 0 ? 'names no app' : hex(next)}, where the old one has ${hex(old)}`, { remedy })
  })

const hex = (id: number): string => `0x${(id >>> 0).toString(16).padStart(8, '0')}`

/** Below this part of the old one it is told. A file that was compacted is smaller, and seldom by half. */
const ENOUGH = 0.5

export const size = (sides: SqliteSides): Finding =>
  both(
    COMPARED.size,
    sides,
    ({ content }) => content,
    (old, next) => {
      const check = COMPARED.size
      const figures = `${bytes(next.bytes)}, and the old one has ${bytes(old.bytes)}`
      const remedy = 'restore the newest backup to it; sqlite3 FILE .tables shows what is in it'
      if (isEmpty(next))
        return isEmpty(old)
          ? passed(check, 'both are empty')
          : found(check, `without tables: the old one has ${bytes(old.bytes)}`, { remedy })
      if (next.bytes < old.bytes * ENOUGH) return found(check, figures, { severity: 'warn', remedy })
      return passed(check, figures)
    },
  )

/** No bytes, or no table was ever made in it. */
const isEmpty = ({ header: one }: Content): boolean => one === null || one.schemaCookie === 0

export const encoding = (sides: SqliteSides): Finding =>
  both(COMPARED.encoding, sides, header, ({ encoding: old }, { encoding: next }) => {
    const check = COMPARED.encoding
    if (old === next) return passed(check, `${next} on both`)
    return found(check, `${next}, where the old one is ${old}`, {
      remedy: `make it anew: PRAGMA encoding='${old.slice(0, 6)}' before its first table`,
    })
  })

export const mode = (sides: SqliteSides): Finding =>
  both(COMPARED.mode, sides, header, ({ mode: old }, { mode: next }) => {
    const check = COMPARED.mode
    if (old === next) return passed(check, next === 'wal' ? 'WAL on both' : 'a rollback journal on both')
    if (next === 'wal') return passed(check, 'WAL, where the old one has a rollback journal')
    return found(check, 'a rollback journal, where the old one is in WAL mode', { remedy: "sqlite3 FILE 'PRAGMA journal_mode=WAL'" })
  })

export const page = (sides: SqliteSides): Finding =>
  both(COMPARED.page, sides, header, (old, next) => {
    const detail = `${pagesOf(next)}; the old one: ${pagesOf(old)}`
    return passed(COMPARED.page, detail)
  })

const pagesOf = ({ pages, pageSize, version: wrote }: Header): string =>
  `${pages === null ? 'pages' : figure(pages, 'page')} of ${bytes(pageSize)}${wrote === null ? '' : `, last written by SQLite ${wrote}`}`

export const identity = (sides: SqliteSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ file }) => file,
    (old, next) => {
      const check = COMPARED.identity
      if (sides.comparison.kept) return unknown(check, 'device and inode of a baseline may be those of another file by now')
      if (old === next) return found(check, 'the very same file', { remedy: 'name another one, unless only its parameters are to change' })
      return passed(check, 'another file')
    },
  )
