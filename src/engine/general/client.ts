import { GENERAL } from '../../domain/checks.ts'
import { type Finding, found, passed, unknown } from '../../domain/finding.ts'
import { listed } from '../../domain/listed.ts'
import { isHere } from '../../domain/place.ts'
import type { Survey } from '../../domain/survey.ts'
import { UNSHOWN } from '../../ports/kind.ts'
import { isKindChanged, type Sides } from './sides.ts'

/** Names in a detail. */
const SHOWN_MAX = 3

export function defaultCredentials({ next, old }: Sides): Finding {
  const check = GENERAL.defaultCredentials
  const { traits, identity } = next.resource
  if (traits.defaultCredentials === null) return passed(check, 'none that an installation begins with')
  const isNoWorse = isHere(identity.host) || old.resource.traits.defaultCredentials === traits.defaultCredentials
  return found(check, traits.defaultCredentials, {
    remedy: 'give the user a password of its own, and name it in the handle',
    ...(isNoWorse ? { severity: 'info' as const } : {}),
  })
}

const VALUE_MAX = 40

/** A parameter with another value was typed so where nothing else changes; one that is gone was more likely forgotten. */
export function paramsLost(sides: Sides): Finding {
  const check = GENERAL.paramsLost
  const { next, old, within, goesBack } = sides
  if (isKindChanged(sides)) return passed(check, 'two kinds: the parameters of one mean nothing to the other')
  const [now, then] = [old.resource.traits.parameters, next.resource.traits.parameters]
  const gone = [...now].filter(([name]) => !then.has(name)).map(([name, value]) => `${shown(name, value)} is gone`)
  const other = [...now].flatMap(([name, value]) => {
    const becomes = then.get(name)
    return becomes === undefined || becomes === value ? [] : [`${shown(name, value)} becomes ${clipped(becomes)}`]
  })
  if (gone.length + other.length === 0) return passed(check, now.size === 0 ? 'the present handle has none' : `all ${now.size} are kept`)
  const isMeant = goesBack || (within && gone.length === 0)
  const remedy = 'swap KEY --host H keeps them; or write them into the new handle'
  return found(check, listed([...gone, ...other], SHOWN_MAX), isMeant ? { remedy, severity: 'info' } : { remedy })
}

const shown = (name: string, value: string): string => (value === UNSHOWN ? name : `${name}=${clipped(value)}`)

const clipped = (text: string): string => (text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text)

const TIMES = 3
const MORE_MS = 10

/** `silent`: why the old one told nothing. */
export function latency({ within }: Sides, next: Survey | null, old: Survey | null, silent: string | null): Finding {
  const check = GENERAL.latency
  if (within) return passed(check, 'the same resource, as the handles say')
  if (next === null) return unknown(check, 'the new resource told nothing of itself')
  if (old === null) return unknown(check, silent ?? 'the old resource told nothing of itself')
  const [then, now] = [next.roundTripMs, old.roundTripMs]
  if (!('is' in now)) return unknown(check, `the old one: ${now.unknown}`)
  if (!('is' in then)) return unknown(check, `the new one: ${then.unknown}`)
  const detail = `one question takes ${ms(then.is)} there, and ${ms(now.is)} at the old one`
  if (then.is <= TIMES * now.is || then.is <= now.is + MORE_MS) return passed(check, detail)
  return found(check, detail, { remedy: 'measure it from where the app runs, and name a server near to that' })
}

const ms = (time: number): string => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`
