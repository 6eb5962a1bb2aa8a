import { linkSync, lstatSync, renameSync } from 'node:fs'
import { basename } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { type Actor, type Close, EMPTY_HEAD, type Entry, type Release, type Seq } from '../domain/operation.ts'
import type { Damage } from '../ports/journal.ts'
import { encodeLine } from './journal-line.ts'
import { type Rights, syncDirectory, unlinkIfThere, WITHOUT_LINKS, writeNew } from './replace-file.ts'
import { type Found, LINES_PER_RELEASE, salvage } from './salvage.ts'
import type { StateDir } from './state-dir.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Who sets a journal aside, and when. */
export interface Stamp {
  readonly by: Actor
  /** ISO 8601, UTC. */
  readonly at: string
}

/** What was done with a damaged journal. */
export interface SetAside {
  /** The newest damaged place. */
  readonly damage: Damage
  /** The name that the damaged file has now, beside the journal. Null: there was no file. */
  readonly name: string | null
  /** The oldest entry that can still be read. */
  readonly from: Seq
  /** The last release: the next one gets the next number. */
  readonly release: Release
}

/**
 * Gives a damaged journal another name and begins a new one, which holds what is whole after the damage and goes on with the numbers: they may
 * jump, and never come again. Null when nothing is damaged. The caller has the lock. At each step the journal's name leads to the old file
 * or to the whole new one. Throws UNAVAILABLE, or DAMAGED for a journal that a newer program wrote.
 */
export function setJournalAside(state: StateDir, rights: Rights, stamp: Stamp): SetAside | null {
  const found = salvage(state)
  if (found === null) return null
  const entries = goingOn(found, stamp)
  const [first = EMPTY_HEAD] = entries
  const release = entries.reduce((last, entry) => (entry.type === 'close' ? entry.release : last), 0)
  const next = `${state.journal}.new`
  try {
    unlinkIfThere(next)
    writeNew(next, encoded(entries), rights)
    const name = found.exists ? keepUnderNewName(state.journal, found.damage) : null
    syncDirectory(state.path)
    renameSync(next, state.journal)
    syncDirectory(state.path)
    return { damage: found.damage, name, from: first.seq, release }
  } catch (error) {
    throw fileTrouble('the damaged journal could not be set aside', error)
  }
}

/** The entries of the new journal. It begins with a close, which has the numbers: an operation whose intent is lost is closed by it. */
function goingOn({ whole, older, closed, lost }: Found, stamp: Stamp): readonly Entry[] {
  const [first] = whole
  const last = whole.at(-1)
  if (first === undefined || last === undefined) return [beginning(older + lost + 1, older + lost)]
  if (first.type === 'intent') {
    const close = whole.find((entry) => entry.type === 'close')
    if (close === undefined) return [beginning(first.seq - 1, first.seq - 1), ...whole]
    const before = close.release - (close.verdict === 'committed' ? 1 : 0)
    return [{ ...beginning(first.seq - 1, 0), release: before }, ...whole]
  }
  const at = whole.findIndex(({ type }) => type === 'close')
  return at < 0 ? [beginning(last.seq + 1, last.seq)] : whole.slice(at)

  /** `upTo`: the last entry that may have closed a release. */
  function beginning(seq: Seq, upTo: Seq): Close {
    const release = closed.release + Math.floor((upTo - closed.seq) / LINES_PER_RELEASE)
    return { type: 'close', seq, intent: Math.max(seq - 1, 0), release, verdict: 'kept', found: [], ...stamp }
  }
}

function encoded(entries: readonly Entry[]): Buffer {
  let previous = ''
  const lines = entries.map((entry) => {
    const { text, sum } = encodeLine(entry, previous)
    previous = sum
    return text
  })
  return Buffer.from(lines.join(''))
}

/** The file gets a second name, so that its first one is never missing. The one it has already from a try that was killed is taken. */
function keepUnderNewName(journal: string, { after }: Damage): string {
  for (let count = 1; ; count += 1) {
    const name = `${journal}.damaged-${after + 1}${count === 1 ? '' : `-${count}`}`
    try {
      linkSync(journal, name)
      return basename(name)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw withoutLinks(journal, error)
      const [here, there] = [lstatSync(journal), lstatSync(name)]
      if (here.ino === there.ino && here.dev === there.dev) return basename(name)
    }
  }
}

function withoutLinks(journal: string, error: unknown): unknown {
  if (!WITHOUT_LINKS.includes(codeOf(error) ?? '')) return error
  return new AttachError('UNAVAILABLE', 'the file system has no hard links, so the damaged journal keeps its name; nothing was changed', {
    hint: `cp ${journal} to a safe place, or set ATTACH_STATE_DIR to another file system`,
  })
}
