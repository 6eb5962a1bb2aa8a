import { type Finding, found, passed, type Severity, unknown } from '../../../../domain/finding.ts'
import { bytes, silenceOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import { holdsMore, type RedisSides } from '../sides.ts'
import type { SettingsFacts } from './survey.ts'

type Memory = Extract<SettingsFacts['memory'], { readonly is: unknown }>['is']

/** What is wrong, how much it matters, and what mends it. */
interface Problem {
  readonly wrong: string
  readonly severity: Severity
  readonly remedy: string
}

/** Whether it has room, and what it does when there is none. Pure. */
export function policy(sides: RedisSides): Finding {
  const check = COMPARED.policy
  const { old, next, comparison } = sides
  const { memory } = next.settings
  if (!('is' in memory)) return unknown(check, `the new one: ${memory.unknown}`)
  const before = old !== null && 'is' in old.settings.memory ? old.settings.memory.is : null
  const problems = [evicts, tooSmall, fillsUp].flatMap((judge) => judge(memory.is, before, sides) ?? [])
  const problem = problems.find(({ severity }) => severity === 'error') ?? problems[0] ?? null
  if (problem !== null) return found(check, problem.wrong, { severity: problem.severity, remedy: problem.remedy })
  const is = `${memory.is.policy}, ${memory.is.max === 0 ? 'without a limit' : `at ${bytes(memory.is.max)}`}`
  if (old === null) return unknown(check, `${is}; whether that is enough is not known: ${silenceOf(comparison)}`)
  if (!('is' in old.settings.memory)) return unknown(check, `${is}; whether that is enough is not known: ${old.settings.memory.unknown}`)
  return passed(check, is)
}

const isEvicting = ({ max, policy }: Memory): boolean => max > 0 && policy !== 'noeviction'

function evicts(next: Memory, old: Memory | null, sides: RedisSides): Problem | null {
  if (!isEvicting(next)) return null
  if (sides.use === null) return old === null || isEvicting(old) ? null : evictsNow(next, old)
  if (!holdsMore(sides)) return null
  const asBefore = old !== null && old.policy === next.policy && isEvicting(old)
  return {
    wrong: `${next.policy} throws keys of a ${sides.use} away when ${bytes(next.max)} are full${asBefore ? ', as on the old one' : ''}`,
    // What was found may be a guess, and is no worse than before.
    severity: asBefore && sides.comparison.use === null ? 'warn' : 'error',
    remedy: 'on the new server: redis-cli CONFIG SET maxmemory-policy noeviction, and CONFIG REWRITE',
  }
}

/** Whether that is harmless is for those to say who know what it is for. */
const evictsNow = (next: Memory, old: Memory): Problem => ({
  wrong: `${next.policy} throws keys away when ${bytes(next.max)} are full; the old one keeps all (${old.policy}${old.policy === 'noeviction' ? '' : ', without a limit'})`,
  severity: 'warn',
  remedy: 'say what it is for in attach.yaml (use: cache), or on the new server: redis-cli CONFIG SET maxmemory-policy noeviction',
})

function tooSmall(next: Memory, old: Memory | null, { use }: RedisSides): Problem | null {
  if (old === null || next.max === 0 || next.max >= old.used) return null
  return {
    wrong: `maxmemory is ${bytes(next.max)}, and the old one uses ${bytes(old.used)}`,
    severity: use === 'cache' && isEvicting(next) ? 'warn' : 'error',
    remedy: `raise maxmemory above ${bytes(old.used)}`,
  }
}

function fillsUp({ policy, max }: Memory, _: Memory | null, { use }: RedisSides): Problem | null {
  if (use !== 'cache' || policy !== 'noeviction') return null
  const end = max === 0 ? 'grows until the machine is out of memory' : `refuses writes when ${bytes(max)} are full`
  return {
    wrong: `noeviction: a cache that ${end}`,
    severity: 'warn',
    remedy: 'on the new server: redis-cli CONFIG SET maxmemory-policy allkeys-lru, and CONFIG REWRITE',
  }
}

/** Whether less is kept on disk. Pure. */
export function persistence(sides: RedisSides): Finding {
  const check = COMPARED.persistence
  const { old, next, comparison } = sides
  const { disk, snapshots } = next.settings
  const severity = holdsMore(sides) ? 'error' : 'warn'
  if (!('is' in disk)) return unknown(check, `the new one: ${disk.unknown}`)
  const { appends, lastSave, lastAppend } = disk.is
  if (lastAppend === 'err' || lastSave === 'err') {
    const what = lastAppend === 'err' ? 'the last write to its append-only file failed' : 'its last snapshot failed'
    return found(check, what, { severity, remedy: 'redis-cli INFO persistence; its log says why: the disk may be full' })
  }
  if (appends) return passed(check, 'appends every write to a file')
  const before = old?.settings ?? null
  const remedy = 'on the new server: redis-cli CONFIG SET appendonly yes, and CONFIG REWRITE'
  const now = !('is' in snapshots) ? 'keeps no append-only file' : snapshots.is ? 'keeps snapshots only' : 'keeps nothing on disk'
  if (before !== null && 'is' in before.disk && before.disk.is.appends)
    return found(check, `${now}; the old one appends every write to a file`, { severity, remedy })
  if ('is' in snapshots && snapshots.is && before !== null && 'is' in before.disk) return passed(check, now)
  if (before !== null && 'is' in before.snapshots && before.snapshots.is && 'is' in snapshots && !snapshots.is)
    return found(check, `${now}; the old one keeps snapshots`, {
      severity,
      remedy: "on the new server: redis-cli CONFIG SET save '3600 1 300 100 60 10000', and CONFIG REWRITE",
    })
  if (before !== null && 'is' in before.disk && 'is' in before.snapshots && !before.snapshots.is)
    return passed(check, `${now}; nor does the old one keep more`)
  if (before === null) return unknown(check, `${now}; ${silenceOf(comparison)}`)
  const why = 'unknown' in snapshots ? snapshots.unknown : 'unknown' in before.disk ? before.disk.unknown : whyOf(before.snapshots)
  return unknown(check, `${now}; ${why}`)
}

const whyOf = (snapshots: SettingsFacts['snapshots']): string => ('unknown' in snapshots ? snapshots.unknown : 'no more is known')
