import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, bytes, firstLower, silenceOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { RedisSides } from '../sides.ts'

/** Whether the new one can do the work of a server at all. Pure. */
export function role({ next, comparison: { expect } }: RedisSides): Finding {
  const check = COMPARED.role
  const { role: told } = next.server
  if (!('is' in told)) return unknown(check, told.unknown)
  if (expect === 'writable' && told.is === 'replica')
    return found(check, 'a replica: it takes no writes', {
      remedy: 'promote it (REPLICAOF NO ONE, by redis-cli on that server), or name the primary',
    })
  if (expect === 'replica' && told.is === 'primary')
    return found(check, 'a primary, where a replica is expected', { remedy: 'name a replica' })
  return passed(check, `a ${told.is}`)
}

/** What is wrong in each state, and what shows it. */
const STATES: Readonly<Record<string, readonly [wrong: string, remedy: string]>> = {
  LOADING: ['it loads its data still', 'wait until it is done: attach wait'],
  MASTERDOWN: ['it is a replica that has lost its primary', 'redis-cli INFO replication shows since when; name the primary'],
  MISCONF: ['it cannot save to disk, and refuses writes', 'redis-cli INFO persistence; its log says why: the disk may be full'],
  CLUSTERDOWN: ['its cluster is not whole', 'redis-cli CLUSTER INFO shows how many slots nobody serves'],
  NOREPLICAS: ['it has too few replicas, and refuses writes', 'redis-cli INFO replication shows them; min-replicas-to-write asks for more'],
  READONLY: ['it refuses writes as read-only', 'name the primary'],
  BUSY: ['it is held up by a script', 'wait; redis-cli SCRIPT KILL ends one that wrote nothing'],
  OOM: ['it is full, and refuses writes', 'raise maxmemory, or free memory: redis-cli INFO memory shows both'],
}

export function state({ next, comparison: { expect } }: RedisSides): Finding {
  const check = COMPARED.state
  const { access, server, settings } = next
  const memory = 'is' in settings.memory ? settings.memory.is : null
  // A server does not count all it uses against the limit: where a write was tried for, that is the answer.
  const isFull =
    !('is' in access.writes) && memory !== null && memory.max > 0 && memory.policy === 'noeviction' && memory.used >= memory.max
  const words = [
    ...('is' in server.cluster && server.cluster.is === 'fail' ? ['CLUSTERDOWN'] : []),
    ...('is' in access.writes && access.writes.is !== '' ? [access.writes.is] : []),
    ...(isFull ? ['OOM'] : []),
  ]
  // A replica refuses writes because it is one: that is for redis.role to say.
  const isReplica = 'is' in server.role && server.role.is === 'replica'
  const counts = words.filter((word) => (expect === 'writable' ? !(word === 'READONLY' && isReplica) : STOPPED.includes(word)))
  const [word] = counts
  const meaning = word === undefined ? undefined : STATES[word]
  if (word !== undefined && meaning !== undefined) {
    const figures = word === 'OOM' && memory !== null ? ` (${bytes(memory.used)} of ${bytes(memory.max)})` : ''
    return found(check, `${meaning[0]}${figures}: ${word}`, { remedy: meaning[1] })
  }
  if (!('is' in server.cluster)) return unknown(check, server.cluster.unknown)
  if (expect !== 'writable') return passed(check, 'it answers')
  if (!('is' in access.writes)) return unknown(check, `it answers; whether it would take a write is not known: ${access.writes.unknown}`)
  return passed(check, isReplica ? 'it answers' : 'it would take a write')
}

/** Nothing can be read either. */
const STOPPED = ['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'BUSY']

export const mode = (sides: RedisSides): Finding =>
  both(
    COMPARED.mode,
    sides,
    ({ server }) => server.mode,
    (old, next) => {
      if (old === next) return passed(COMPARED.mode, old === 'cluster' ? 'both are clusters' : 'neither is a cluster')
      const why =
        next === 'cluster' ? 'a client that is not made for it fails with MOVED' : 'a client of a cluster asks it for slots in vain'
      return found(COMPARED.mode, `${next}, where the old one is ${old}: ${why}`, { remedy: `name a server in mode ${old}` })
    },
  )

export function database({ old, next, comparison }: RedisSides): Finding {
  const check = COMPARED.database
  if (old === null) return unknown(check, silenceOf(comparison))
  const [before, after] = [old.server.database, next.server.database]
  if (before === after) return passed(check, `database ${after} on both`)
  return found(check, `database ${after}, where the old one is database ${before}: other keys stand there`, {
    remedy: `end the handle in /${before}, unless another one is meant`,
  })
}

export const version = (sides: RedisSides): Finding =>
  both(
    COMPARED.version,
    sides,
    ({ server }) => server.version,
    (old, next) => {
      const check = COMPARED.version
      const [ours, theirs] = [sides.old?.server.product ?? '', sides.next.server.product]
      const text = `${theirs} ${next}, where the old one is ${ours} ${old}`
      if (ours !== theirs) return unknown(check, `${text}: the versions of two products are not compared`)
      const lower = firstLower(old, next)
      if (lower === null) return passed(check, old === next ? `${theirs} ${next} on both` : text)
      const remedy = `name a server of version ${old} or newer`
      return found(check, text, { remedy, severity: lower === 0 ? 'error' : 'warn' })
    },
  )

export function identity(sides: RedisSides): Finding {
  const check = COMPARED.identity
  const [ours, theirs] = [sides.old?.server.runId, sides.next.server.runId]
  if (ours !== undefined && 'is' in ours && 'is' in theirs && ours.is === theirs.is)
    return found(check, 'the very same server', { remedy: 'name another one, unless only the database or the user is to change' })
  return both(
    check,
    sides,
    ({ server }) => server.replication,
    () => passed(check, RELATIONS[relation(sides) ?? 'stranger']),
  )
}

type Relation = 'same server' | 'replica' | 'primary' | 'siblings' | 'cut off' | 'promoted' | 'parted' | 'stranger'

const RELATIONS: Readonly<Record<Relation, string>> = {
  'same server': 'the very same server',
  replica: 'a replica of the old one',
  primary: 'the primary of the old one',
  siblings: 'both are replicas of one primary',
  'cut off': 'a replica that has lost its primary, in one line with the old one',
  promoted: 'once in one line with the old one, and a primary of its own since',
  parted: 'the old one once followed it, and went its own way since',
  stranger: 'another server, with data of its own',
}

/** What the new one is to the old one. Null: not known. */
export function relation({ old, next }: RedisSides): Relation | null {
  if (old === null) return null
  const [a, b] = [old.server, next.server]
  if ('is' in a.runId && 'is' in b.runId && a.runId.is === b.runId.is) return 'same server'
  if (!('is' in a.replication) || !('is' in b.replication)) return null
  const [ours, theirs] = [a.replication.is, b.replication.is]
  if (ours.line === theirs.before) return 'promoted'
  if (ours.before === theirs.line) return 'parted'
  if (ours.line !== theirs.line) return 'stranger'
  if (theirs.link === 'down') return 'cut off'
  // A primary has no link.
  return ours.link === 'none' ? 'replica' : theirs.link === 'none' ? 'primary' : 'siblings'
}

/** Whether what is written to the one comes to the other by itself. */
export const isKept = (relation: Relation | null): boolean => relation === 'replica' || relation === 'primary' || relation === 'siblings'
