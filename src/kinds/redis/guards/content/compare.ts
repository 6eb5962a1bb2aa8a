import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, figure, silenceOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import { isKept as keepsUp, relation } from '../server/compare.ts'
import { holdsMore, type RedisSides } from '../sides.ts'
import type { Queue } from './queues/survey.ts'

/** Below this part of the old keys, or of a sample of them, it is told. */
const ENOUGH = 0.9
const SAMPLE_ENOUGH = 0.95
/** Below this part of a sample, other keys stand there, however many they are. */
const SAMPLE_NONE = 0.1

/** Whether what the app keeps there is there too. Pure. */
export function keys(sides: RedisSides): Finding {
  const check = COMPARED.keys
  if (isCluster(sides)) return unknown(check, 'a node of a cluster tells of its own keys alone')
  return both(
    check,
    sides,
    ({ keys }) => keys.count,
    (old, next) => {
      if (old === 0) return passed(check, `the old one is empty; the new one holds ${figure(next, 'key')}`)
      const lost = holdsMore(sides) && !isDrained(sides) ? 'error' : 'warn'
      const remedy = 'load the newest backup there, or let it replicate; redis-cli DBSIZE on both shows the figures'
      if (next === 0) return found(check, `empty: the old one holds ${figure(old, 'key')}`, { severity: lost, remedy })
      const { sample } = sides.next.keys
      const asked = 'is' in sample ? sample.is.asked - sample.is.refused : 0
      const standing = 'is' in sample ? sample.is.found : 0
      const ofSample = asked === 0 ? '' : `; of a sample of ${asked}, ${standing} stand there`
      const figures = `${figure(next, 'key')}, and the old one holds ${figure(old, 'key')}${ofSample}`
      if (standing < asked * SAMPLE_NONE) return found(check, `other keys: ${figures}`, { severity: lost, remedy })
      if (next < old * ENOUGH || standing < asked * SAMPLE_ENOUGH) return found(check, figures, { remedy })
      return passed(check, figures)
    },
  )
}

/** A queue that is known, and in which nothing waits: what is left is what its framework writes down for itself. */
const isDrained = ({ old, use, comparison }: RedisSides): boolean =>
  use === 'queue' &&
  comparison.kept !== true &&
  old !== null &&
  old.queues.frameworks.length > 0 &&
  'is' in old.queues.queues &&
  old.queues.queues.is.length === 0 &&
  old.queues.unseen === ''

/** Whether jobs would be left behind. Pure. */
export function queuesLeft(sides: RedisSides): Finding {
  const check = COMPARED.queuesLeft
  const { old, comparison } = sides
  if (old === null) return unknown(check, silenceOf(comparison))
  const { queues, unseen, frameworks } = old.queues
  if (!('is' in queues)) return unknown(check, `the old one: ${queues.unknown}`)
  const waiting = queues.is.filter(({ forWhom }) => forWhom === 'worker')
  const figures = figuresOf(queues.is)
  const butNot = unseen === '' ? '' : `; ${unseen}`
  const isKept = comparison.kept === true
  if (figures !== '' && isHeld(sides)) {
    if (isKept) return unknown(check, `the new one holds what waited when the baseline was taken: ${figures}; ${SINCE}${butNot}`)
    const remedy = 'see that no worker runs on both at once'
    return found(check, `the new one holds them too: ${figures}${butNot}`, { severity: 'info', remedy })
  }
  if (waiting.length > 0) {
    const total = waiting.reduce((sum, { waits }) => sum + waits, 0)
    const [first] = waiting
    if (isKept)
      return found(check, `${figure(total, 'job')} waited on the old one when its baseline was taken: ${figures}${butNot}`, {
        severity: 'warn',
        remedy: 'look for them on the new one; what only the old one holds is to be copied when it comes back',
      })
    return found(check, `${figure(total, 'job')} would be left on the old one: ${figures}${butNot}`, {
      remedy: `stop what makes jobs, let the workers finish them, and ask again: ${first === undefined ? '' : countedBy(first)}`,
    })
  }
  if (queues.is.length > 0) {
    const detail = `${unseen === '' ? 'nothing waits for a worker; ' : ''}jobs that failed for good would be left on the old one: ${figures}${butNot}`
    return found(check, detail, { severity: 'warn', remedy: 'look at them before the old one goes: retry or delete them' })
  }
  // Also where the new one holds all the old one has: what nobody saw cannot be told to be there.
  const none = frameworks.length === 0 ? 'no queue was found' : `no job ${isKept ? 'waited' : 'waits'} (${frameworks.join(', ')})`
  if (isKept) return unknown(check, `${none} when the baseline was taken; ${SINCE}${butNot}`)
  if (unseen !== '') return unknown(check, `${none}${butNot}`)
  if (isCluster(sides) && !isHeld(sides)) return unknown(check, `${none}; a node of a cluster tells of its own keys alone`)
  return passed(check, none)
}

/** Jobs come from minute to minute: a baseline tells what is to be looked for, and never that nothing is. */
const SINCE = 'what waits there now is not known'

const isCluster = ({ old, next }: RedisSides): boolean =>
  [old, next].some((side) => side !== null && 'is' in side.server.mode && side.server.mode.is === 'cluster')

/** Nothing would be left behind: it is the same server, a replica that keeps up, or a copy with the same figures throughout. */
function isHeld(sides: RedisSides): boolean {
  const { old, next, comparison } = sides
  if (old === null || !('is' in old.queues.queues) || !('is' in next.queues.queues)) return false
  const isSameDatabase = old.server.database === next.server.database
  const kin = relation(sides)
  if (isSameDatabase && (comparison.within === true || kin === 'same server')) return true
  const theirs = new Map(next.queues.queues.is.map(({ name, waits }) => [name, waits]))
  const ratio = isSameDatabase && keepsUp(kin) ? ENOUGH : 1
  const holdsThem = old.queues.queues.is.every(({ name, waits }) => (theirs.get(name) ?? 0) >= waits * ratio)
  return holdsThem && (ratio < 1 || (theirs.size > 0 && isCopy(sides)))
}

/**
 * As many jobs in each queue. Of one that was promoted from the line of the old one that is enough: keys come and go on both since. Of a stranger
 * there must be as many keys, and all of a sample among them.
 */
function isCopy(sides: RedisSides): boolean {
  const { old, next } = sides
  if (old === null) return false
  const waits = (queues: readonly Queue[]): string => JSON.stringify(queues.map(({ name, waits }) => `${name} ${waits}`).sort())
  const [ours, theirs] = [old.queues.queues, next.queues.queues]
  if (!('is' in ours) || !('is' in theirs) || waits(ours.is) !== waits(theirs.is)) return false
  if (relation(sides) === 'promoted' && old.server.database === next.server.database) return true
  if (!('is' in old.keys.count) || !('is' in next.keys.count) || !('is' in next.keys.sample)) return false
  const { asked, found } = next.keys.sample.is
  return old.keys.count.is === next.keys.count.is && asked > 0 && found === asked
}

/** `12 in queue:default, 3 in schedule and 2 more queues`. */
function figuresOf(queues: readonly Queue[]): string {
  const shown = queues.slice(0, 3).map(({ name, waits }) => `${waits.toLocaleString('en-US')} in ${short(name)}`)
  const more = queues.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${figure(more, 'more queue')}` : ''}`
}

const short = (name: string): string => (name.length > 60 ? `${name.slice(0, 59)}…` : name)

/** What shows how many are left. A name that is no plain word is left to the reader. */
const countedBy = ({ ask, name }: Queue): string => `on the old server: redis-cli ${ask} ${/^[\w:.{}-]{1,100}$/.test(name) ? name : 'KEY'}`
