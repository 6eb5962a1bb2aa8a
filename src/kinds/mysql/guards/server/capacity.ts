import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { figure, ofNext, silenceOf } from '../../../comparing.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlFacts, MySqlSides } from '../sides.ts'

/** Whether there is room for the app. Pure. */
export const capacity = (sides: MySqlSides): Finding => {
  const check = COMPARED.capacity
  const { old, comparison } = sides
  const limits = limitsOf(sides.next)
  return ofNext(
    check,
    sides,
    ({ server }) =>
      limits === null && 'is' in server.connections ? { unknown: 'it does not tell how many connections it takes' } : server.connections,
    ({ inUse }) => {
      if (limits === null) return unknown(check, 'it does not tell how many connections it takes')
      const free = Math.max(0, limits.all - inUse)
      const is = `${free} of ${figure(limits.all, 'connection')} free`
      if (old === null) return unknown(check, `${is}; whether that is enough is not known: ${silenceOf(comparison)}`)
      const used = told(old.account.sessions)
      if (used === null)
        return unknown(
          check,
          `${is}; how many the app uses is not known: ${'unknown' in old.account.sessions ? old.account.sessions.unknown : ''}`,
        )
      // Ours is among those that were counted.
      const needed = Math.max(0, used - 1)
      if (needed > free)
        return found(check, `${is}, and the app uses ${needed} on the old one`, {
          remedy: 'SET GLOBAL max_connections = …, or end what uses them: SHOW PROCESSLIST',
        })
      if (limits.own > 0 && needed > limits.own)
        return found(check, `the account may have ${figure(limits.own, 'connection')} there, and the app uses ${needed} on the old one`, {
          remedy: 'ALTER USER … WITH MAX_USER_CONNECTIONS …',
        })
      return fewer(sides, limits) ?? passed(check, `${is}, and the app uses ${needed} on the old one`)
    },
  )
}

/** It is enough now, and may not be at the busiest hour. */
function fewer({ old }: MySqlSides, limits: Limits): Finding | null {
  const check = COMPARED.capacity
  const before = old === null ? null : limitsOf(old)
  const most = old === null ? null : (told(old.server.connections)?.most ?? null)
  if (most !== null && most > limits.all)
    return found(check, `${figure(limits.all, 'connection')} at most, and the old one had ${most} at once`, {
      severity: 'warn',
      remedy: `SET GLOBAL max_connections = ${before?.all ?? most}`,
    })
  if (before !== null && limits.all < before.all)
    return found(check, `${figure(limits.all, 'connection')} at most, and ${before.all} on the old one`, {
      severity: 'warn',
      remedy: `SET GLOBAL max_connections = ${before.all}`,
    })
  if (before !== null && limits.own > 0 && (before.own === 0 || limits.own < before.own))
    return found(
      check,
      `the account may have ${figure(limits.own, 'connection')}, and ${before.own === 0 ? 'any number' : before.own} on the old one`,
      { severity: 'warn', remedy: 'ALTER USER … WITH MAX_USER_CONNECTIONS …' },
    )
  return null
}

interface Limits {
  readonly all: number
  /** Of the account. 0: no limit of its own. */
  readonly own: number
}

function limitsOf({ server }: MySqlFacts): Limits | null {
  const variables = told(server.variables)
  const [all, own] = [Number(variables?.['max_connections']), Number(variables?.['max_user_connections'] ?? 0)]
  return Number.isSafeInteger(all) ? { all, own } : null
}
