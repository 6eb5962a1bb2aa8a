import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import { figure, ofNext, silenceOf } from '../../comparing.ts'
import { COMPARED } from './checks.ts'
import type { SqliteSides } from './content.ts'
import type { SqliteFacts } from './survey.ts'

type Is<Part extends keyof SqliteFacts> = Extract<SqliteFacts[Part], { readonly is: unknown }>['is']

const REFUSES: Readonly<Record<Exclude<Is<'access'>['writes'], 'yes'>, readonly [why: string, remedy: string]>> = {
  file: ['this user may not write the file', 'give the file to the user of the app: chown, chmod u+w'],
  folder: ['this user may not write in its folder, where a transaction makes its journal', 'give the folder to the user of the app too'],
  disk: ['its disk is mounted for reading alone', 'mount it for writing, or name a file on another disk'],
  handle: ['the handle opens it for reading alone', 'take mode=ro or immutable=1 out of the handle'],
}

/** As the user who runs attach: the app may be another. */
export function access(sides: SqliteSides): Finding {
  const check = COMPARED.access
  const { expect } = sides.comparison
  if (expect === 'replica') return found(check, 'a file has no primary, where a replica is expected', { remedy: '--expect readable' })
  return ofNext(
    check,
    sides,
    (facts) => facts.access,
    ({ writes }) => {
      if (writes === 'yes') return passed(check, 'this user may write the file, and in its folder')
      const [why, remedy] = REFUSES[writes]
      return expect === 'writable' ? found(check, why, { remedy }) : passed(check, `it can be read; ${why}`)
    },
  )
}

/** What a copy of the .db alone leaves behind. */
export function walLeft({ old, next, comparison }: SqliteSides): Finding {
  const check = COMPARED.walLeft
  if (!('is' in next.sidecars)) return unknown(check, `the new one: ${next.sidecars.unknown}`)
  const there = next.sidecars.is
  if (there.journal === 'cut off')
    return found(
      check,
      'a -journal stands beside the new one: a transaction is under way, or whoever opens it next undoes one that was cut off',
      {
        remedy: 'if no app writes to it, open it once with sqlite3; else wait',
      },
    )
  if (old === null) return unknown(check, silenceOf(comparison))
  if (!('is' in old.sidecars)) return unknown(check, `the old one: ${old.sidecars.unknown}`)
  if (isSameFile(old, next) && !comparison.kept) return passed(check, 'the very same file')
  const here = old.sidecars.is
  const remedy = "stop what writes to it, then: sqlite3 OLD 'PRAGMA wal_checkpoint(TRUNCATE)', and copy again; or sqlite3 OLD '.backup NEW'"
  if (here.journal === 'cut off')
    return found(
      check,
      'a -journal stands beside the old one: a transaction is under way or was cut off, and a copy of the .db alone is broken',
      {
        remedy: "stop what writes to it, open it once with sqlite3, and copy again; or sqlite3 OLD '.backup NEW'",
      },
    )
  if (here.wal === null || here.wal.pending === 0) return passed(check, 'all rows of the old one stand in its file')
  const left = `${figure(here.wal.pending, 'page')} of the old one stand in its -wal and not in its file`
  if (there.wal?.salt === here.wal.salt && there.wal.pending >= here.wal.pending)
    return passed(check, `${left}; the new one has the same -wal`)
  return found(check, `${left}: a copy of the .db alone lacks them`, { remedy })
}

const isSameFile = (old: SqliteFacts, next: SqliteFacts): boolean => 'is' in old.file && 'is' in next.file && old.file.is === next.file.is

const ENDS: Readonly<Partial<Record<Is<'place'>['on'], string>>> = {
  memory: 'it lies in memory, and ends with the machine',
  layers: 'it lies in the layers of a container, and ends with it',
}

export function ephemeral(sides: SqliteSides): Finding {
  const check = COMPARED.ephemeral
  return ofNext(
    check,
    sides,
    ({ place }) => place,
    ({ on, isTemporary }) => {
      const why = ENDS[on] ?? (isTemporary ? 'it lies in a temporary folder, which is emptied now and then' : null)
      if (why === null) return passed(check, 'on a disk that stays')
      const remedy = 'put it on a disk or a volume that stays'
      return isNoWorse(sides, { on, isTemporary })
        ? found(check, `${why}, as the old one`, { remedy, severity: 'info' })
        : found(check, why, { remedy })
    },
  )
}

const isNoWorse = ({ old }: SqliteSides, { on, isTemporary }: Is<'place'>): boolean =>
  old !== null && 'is' in old.place && old.place.is.on === on && old.place.is.isTemporary === isTemporary

/** https://www.sqlite.org/faq.html#q5, https://www.sqlite.org/wal.html#overview */
export function network(sides: SqliteSides): Finding {
  const check = COMPARED.network
  return ofNext(
    check,
    sides,
    ({ place }) => place,
    ({ on }) => {
      const isWal = 'is' in sides.next.content && sides.next.content.is.header?.mode === 'wal'
      const remedy = 'put it on a disk of the machine that writes to it'
      if (on === 'network' && !isWal)
        return found(check, 'on a network disk: its locks may not hold between two machines', { remedy, severity: 'warn' })
      if (on === 'network')
        return found(check, 'in WAL mode on a network disk: that works on one machine alone', { remedy, severity: 'error' })
      if (on === 'fuse')
        return found(check, 'on a FUSE mount: whether its locks hold depends on what is behind it', { remedy, severity: 'warn' })
      return passed(check, 'on this machine')
    },
  )
}
