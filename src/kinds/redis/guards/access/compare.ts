import { type Check, type Finding, found, passed, type Severity, unknown } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { both, figure, firstOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { RedisFacts, RedisSides } from '../sides.ts'
import { isAdministrative } from './commands.ts'
import { MULTI } from './rehearsal.ts'

/** What the app could do on the old one, and could not on the new one. Pure. */
export const modules = (sides: RedisSides): Finding =>
  missing(COMPARED.modules, sides, ({ access }) => access.modules, {
    what: 'module',
    remedy: (names) => `load ${names} there (redis-cli MODULE LIST shows what it has), or name a server that has it`,
  })

export const functions = (sides: RedisSides): Finding =>
  missing(COMPARED.functions, sides, ({ access }) => access.functions, {
    what: 'function',
    remedy: () => 'redis-cli FUNCTION DUMP on the old one, FUNCTION RESTORE on the new one',
  })

export function acl(sides: RedisSides): Finding {
  const check = COMPARED.acl
  return both(
    check,
    sides,
    ({ access }) => access.refused,
    (old, next) => {
      const lost = next.filter((name) => !old.includes(name))
      const remedy = `redis-cli ACL SETUSER … ${lost.map((name) => `+${name}`).join(' ')} on the new one`
      if (old.includes(MULTI) && (next.includes(MULTI) || lost.length > 0))
        return unknown(check, 'the user may not begin a transaction (MULTI) on the old one, and is asked for by one')
      const losing = `the user may not run ${firstOf(lost)} there, and could on the old one`
      if (!lost.every(isAdministrative)) return found(check, losing, { remedy })
      const [keys, channels] = [keysLost(sides), channelsLost(sides)]
      if (keys !== null) return found(check, keys.wrong, { remedy: keys.remedy })
      if (channels?.severity === 'error') return found(check, channels.wrong, { remedy: channels.remedy })
      const less = [...(lost.length > 0 ? [losing] : []), ...(channels === null ? [] : [channels.wrong])]
      const why = patternsUnasked(sides)
      const unasked = `${why === null ? '' : `; key patterns were not compared: ${why}`}${channelsUnasked(sides)}`
      if (less.length > 0)
        return found(check, `${less.join('; ')}${unasked}`, {
          remedy: lost.length > 0 ? remedy : (channels?.remedy ?? remedy),
          severity: 'warn',
        })
      const commands = 'the user may run the commands that apps use most as on the old one'
      if (why === null) return passed(check, `${commands}, and touch a sample of its keys${unasked}`)
      return isEmpty(sides) ? passed(check, `${commands}${unasked}`) : unknown(check, `${commands}${unasked}`, PATTERNS)
    },
  )
}

const PATTERNS = 'compare the patterns of both users: redis-cli ACL GETUSER …'

interface Loss {
  readonly wrong: string
  readonly severity: Severity
  readonly remedy: string
}

/** Null: none of a sample, or none was asked for. */
function keysLost({ next }: RedisSides): Loss | null {
  if (!('is' in next.keys.sample)) return null
  const { refused, lesser, asked } = next.keys.sample.is
  const loss = { severity: 'error', remedy: PATTERNS } as const
  if (refused > 0) return { ...loss, wrong: `the user may not touch ${refused} of ${figure(asked, 'key')} of the old one there` }
  if (lesser === 0) return null
  return {
    ...loss,
    wrong: `the user may not read or write ${lesser} of ${figure(asked, 'key')} of the old one there, and may on the old one`,
  }
}

/** Since Redis 7 a new user has no channels unless somebody gives it some: where nobody listens on the old one, that is no loss yet. */
function channelsLost({ old, next }: RedisSides): Loss | null {
  const after = next.access.channels
  if (old === null || !('is' in old.access.channels && old.access.channels.is) || !('is' in after) || after.is) return null
  const { subscribed } = old.access
  const isQuiet = 'is' in subscribed && subscribed.is === 0
  const wrong = 'the user may not publish or subscribe to any channel it likes there, and could on the old one'
  const remedy = 'redis-cli ACL SETUSER … &* on the new one, or the patterns of its channels'
  return isQuiet ? { wrong: `${wrong}, where nobody listens to one now`, remedy, severity: 'warn' } : { wrong, remedy, severity: 'error' }
}

/** A user with patterns for channels is not asked which. */
const channelsUnasked = ({ old }: RedisSides): string =>
  old !== null && 'is' in old.access.channels && !old.access.channels.is
    ? '; channels were not compared: the old one lets it use some at most'
    : ''

/** Only keys of the old one show what its patterns let through. Null: some were asked for. */
function patternsUnasked(sides: RedisSides): string | null {
  const { sample } = sides.next.keys
  if (isEmpty(sides)) return 'the old one is empty'
  if (!('is' in sample)) return sample.unknown
  return sample.is.asked === 0 ? 'the old one shows no key that the user may touch' : null
}

const isEmpty = ({ old }: RedisSides): boolean => old !== null && 'is' in old.keys.count && old.keys.count.is === 0

export function notify(sides: RedisSides): Finding {
  const check = COMPARED.notify
  const ours = sides.old?.access.notify
  if (ours !== undefined && 'is' in ours && ours.is === '') return passed(check, 'the old one sends none')
  return both(
    check,
    sides,
    ({ access }) => access.notify,
    (old, next) => {
      const lost = [...classes(old)].filter((letter) => !classes(next).has(letter))
      if (lost.length === 0) return passed(check, `sent as before: ${old}`)
      return found(check, `notify-keyspace-events is ${next === '' ? 'off' : next}, and ${old} on the old one`, {
        remedy: `on the new server: redis-cli CONFIG SET notify-keyspace-events ${old}, and CONFIG REWRITE`,
      })
    },
  )
}

/** `A` stands for most of the others. */
const classes = (letters: string): ReadonlySet<string> => new Set(letters.replace('A', 'g$lshzxetd'))

interface Missing {
  readonly what: string
  readonly remedy: (names: string) => string
}

function missing(
  check: Check,
  sides: RedisSides,
  part: (facts: RedisFacts) => Told<readonly string[]>,
  { what, remedy }: Missing,
): Finding {
  const ours = sides.old === null ? null : part(sides.old)
  if (ours !== null && 'is' in ours && ours.is.length === 0) return passed(check, `the old one has no ${what}`)
  return both(check, sides, part, (old, next) => {
    const lost = old.filter((name) => !next.includes(name))
    if (lost.length === 0)
      return passed(check, `has ${old.length === 1 ? `the ${what}` : `all ${figure(old.length, what)}`} of the old one`)
    const names = firstOf(lost)
    return found(check, `${figure(lost.length, what)} of the old one ${lost.length === 1 ? 'is' : 'are'} missing: ${names}`, {
      remedy: remedy(names),
    })
  })
}
