import { type Check, type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { both, figure, firstOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { RedisFacts, RedisSides } from '../sides.ts'

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
  const { sample } = sides.next.keys
  return both(
    check,
    sides,
    ({ access }) => access.refused,
    (old, next) => {
      const lost = next.filter((name) => !old.includes(name)).map((name) => name.toLowerCase())
      if (lost.length > 0) {
        return found(check, `the user may not run ${firstOf(lost)} there, and could on the old one`, {
          remedy: `redis-cli ACL SETUSER … ${lost.map((name) => `+${name}`).join(' ')} on the new one`,
        })
      }
      if ('is' in sample && sample.is.refused > 0) {
        const { refused, asked } = sample.is
        return found(check, `the user may not touch ${refused} of ${figure(asked, 'key')} of the old one there`, {
          remedy: 'compare the patterns of both users: redis-cli ACL GETUSER …',
        })
      }
      const commands = 'the user may run the commands that apps use most as on the old one'
      const why = patternsUnasked(sides)
      if (why === null) return passed(check, `${commands}, and touch a sample of its keys`)
      const detail = `${commands}; key patterns were not compared: ${why}`
      return isEmpty(sides) ? passed(check, detail) : unknown(check, detail, 'compare the patterns of both users: redis-cli ACL GETUSER …')
    },
  )
}

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
