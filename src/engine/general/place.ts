import { GENERAL } from '../../domain/checks.ts'
import { type Finding, found, passed, unknown } from '../../domain/finding.ts'
import type { Identity } from '../../domain/handle.ts'
import { listed } from '../../domain/listed.ts'
import { isHere, isSameResource, placesOf } from '../../domain/place.ts'
import type { Elsewhere } from '../elsewhere.ts'
import { isKindChanged, type Sides } from './sides.ts'

/** Names in a detail. */
const SHOWN_MAX = 3

/** What is on this machine for us may be on another one for the app. */
export function localhost({ next, old, goesBack }: Sides): Finding {
  const check = GENERAL.localhost
  const [to, from] = [hereOf(next.resource.identity), hereOf(old.resource.identity)]
  if (!isHere(to)) return passed(check, 'not on this machine')
  if (isHere(from)) return passed(check, 'both are on this machine')
  return found(check, `leads to ${from} now, and to this very machine (${to}) afterwards`, {
    remedy: 'name the host by which the app reaches it',
    ...(goesBack ? { severity: 'warn' as const } : {}),
  })
}

/** Of several hosts the one that is on this machine, where there is one. */
const hereOf = (identity: Identity): string => placesOf(identity).find(({ host }) => isHere(host))?.host ?? identity.host

/** `elsewhere` null: no other deploy is known. */
export function otherDeploy({ next, old, goesBack }: Sides, elsewhere: Elsewhere | null): Finding {
  const check = GENERAL.otherDeploy
  if (isSameResource(next.resource.identity, old.resource.identity)) return passed(check, 'the present handle leads there already')
  if (elsewhere === null || elsewhere.others === 0) return passed(check, 'no other deploy is known here')
  const { others, attached, unreadable, absent } = elsewhere
  if (attached.length > 0)
    return found(check, `${listed(attached, SHOWN_MAX)} ${attached.length === 1 ? 'leads' : 'lead'} there too`, {
      remedy: 'name a resource that no other deploy uses',
      ...(goesBack ? { severity: 'warn' as const } : {}),
    })
  if (unreadable.length > 0) return unknown(check, `whether other deploys lead there is not known: ${listed(unreadable, SHOWN_MAX)}`)
  if (absent.length === 0) return passed(check, `none of ${others} other deploys leads there`)
  // Each deploy has its config on its own machine: usual, and nothing that anybody could mend here.
  const where = `the config of ${listed(absent, SHOWN_MAX)} does not stand on this machine`
  return { ...unknown(check, `whether other deploys lead there is not known: ${where}`), severity: 'info' }
}

export function nameChanged(sides: Sides): Finding {
  const check = GENERAL.nameChanged
  const [to, from] = [sides.next.resource.identity.name, sides.old.resource.identity.name]
  if (isKindChanged(sides)) return passed(check, 'two kinds')
  if (sides.goesBack) return passed(check, `the name of before: ${to ?? 'none'}`)
  if (to === from) return passed(check, to === undefined ? 'neither handle names one' : `both are called ${to}`)
  return found(check, `the name is ${from ?? 'none'} now, and ${to ?? 'none'} afterwards`)
}
