import { type Finding, found, passed } from '../../../domain/finding.ts'
import { canonicalHost, isHere } from '../../../domain/place.ts'
import { DEPTHS, type ProbeFailure } from '../../../ports/kind.ts'
import { firstOf } from '../../comparing.ts'
import { reach } from '../../host.ts'
import { Failed } from '../../probing.ts'
import { REDIS } from '../guards/checks.ts'
import { type Answer, askYourself } from './ask.ts'
import type { Place, Watch } from './handle.ts'

type Named = Extract<Answer, { readonly said: 'master' }>
type Silent = Extract<Answer, { readonly said: 'nothing' }>

export const namedIn = (answers: readonly Answer[]): readonly Named[] => answers.flatMap((each) => (each.said === 'master' ? [each] : []))

const silentIn = (answers: readonly Answer[]): readonly Silent[] => answers.flatMap((each) => (each.said === 'nothing' ? [each] : []))

export const isSamePlace = (one: Place, other: Place): boolean =>
  one.port === other.port && canonicalHost(one.host) === canonicalHost(other.host)

/** Why no sentinel named a master. Of the reasons the one that passes by itself counts: any one sentinel is enough. */
export function nobodyNames({ name, sentinels }: Watch, answers: readonly Answer[]): Failed {
  const silent = silentIn(answers)
  const knowing = answers.flatMap(({ from, said }) => (said === 'unknown name' ? [from] : []))
  const [asked] = knowing
  const failures = silent.map(({ from, failure }) => `${from.text}: ${failure.reason}`)
  if (asked !== undefined) {
    const who = knowing.length === 1 ? `the sentinel ${asked.text} does` : `the sentinels ${firstOf(knowing.map(({ text }) => text))} do`
    return new Failed({
      failedAt: 'connect',
      class: silent.length === 0 ? 'permanent' : 'transient',
      code: 'no-such-master',
      reason: [`${who} not know a master called ${name}`, ...silentWords(silent)].join('; '),
      hint: `redis-cli -h ${asked.host} -p ${asked.port} SENTINEL MASTERS shows the names that it watches`,
    })
  }
  const deepestLast = [...silent].sort((a, b) => depthOf(b.failure) - depthOf(a.failure))
  const [chosen] = [...deepestLast.filter(({ failure }) => failure.class === 'transient'), ...deepestLast]
  if (chosen === undefined) throw new Error('a list of sentinels is never empty')
  return new Failed({
    ...chosen.failure,
    reason:
      sentinels.length === 1
        ? `the sentinel ${chosen.from.text} names no master: ${chosen.failure.reason}`
        : `none of ${sentinels.length} sentinels names a master: ${few(failures)}`,
  })
}

const depthOf = ({ failedAt }: ProbeFailure): number => DEPTHS.indexOf(failedAt)

/** Reasons may hold words of servers, and be long. */
const few = (reasons: readonly string[]): string =>
  reasons.length > 2 ? `${reasons[0]}; and ${reasons.length - 1} more` : reasons.join('; ')

const silentWords = (silent: readonly Silent[]): readonly string[] =>
  silent.slice(0, 3).map(({ from, failure }) => `${from.text} does not answer: ${failure.reason}`)

/** What the sentinels say of themselves, beside the master that was taken. */
export function sentinelsTold({ name, sentinels }: Watch, answers: readonly Answer[], master: Place): Finding {
  const check = REDIS.sentinel
  const named = namedIn(answers)
  const agreeing = named.filter((each) => isSamePlace(each.master, master))
  const silent = silentIn(answers)
  const health = agreeing.map((each) => each.health)
  const down = agreeing.filter((each) => each.health.masterIsDown === true)
  const quorum = health.find((each) => each.quorum !== null)?.quorum ?? null
  const isTooFew = quorum !== null && silent.length > 0 && named.length < quorum
  const problems = [
    ...silentWords(silent),
    ...(silent.length > 3 ? [`${silent.length - 3} more do not answer`] : []),
    ...answers.flatMap(({ from, said }) => (said === 'unknown name' ? [`${from.text} does not know that master`] : [])),
    ...named.flatMap((each) => (isSamePlace(each.master, master) ? [] : [`${each.from.text} names ${each.master.text}`])),
    ...down.slice(0, 1).map(({ from }) => `${from.text} holds that master for down`),
    ...(isTooFew ? [`${named.length} answer, and a failover needs ${quorum} that agree`] : []),
    ...(health.some((each) => each.canFailOver === false) ? ['too few sentinels see each other: no failover would come about'] : []),
  ]
  const count = sentinels.length === 1 ? 'the sentinel names' : `${agreeing.length} of ${sentinels.length} sentinels name`
  const detail = `${count} ${master.text} as the master ${name}`
  if (problems.length === 0) return passed(check, detail)
  const [first] = agreeing
  const remedy =
    silent.length > 0
      ? 'start the sentinels that do not answer, or take them out of the list'
      : first === undefined
        ? 'look at the logs of the sentinels'
        : `redis-cli -h ${first.from.host} -p ${first.from.port} SENTINEL CKQUORUM ${name}`
  return found(check, [detail, ...problems].join('; '), { remedy })
}

/** What is announced is often the address that the server has for itself. Null: that is not it. */
export function whyElsewhere({ from, master }: Named): string | null {
  if (isHere(master.host) && !isHere(from.host)) return 'an address that is another machine for whoever hears it'
  return reach(master.host) === 'private' && reach(from.host) !== 'private'
    ? 'it may be an address inside of a container or a private network'
    : null
}

/** The master that one sentinel named cannot be reached from here. */
export function unreachable(answer: Named, name: string, failure: Omit<ProbeFailure, 'failedAt'>): Failed['failure'] {
  const why = whyElsewhere(answer)
  const inside = why === null ? '' : ` (${why})`
  const announce = 'set replica-announce-ip at the server, and let the sentinels monitor an address that is reachable from here'
  const look = askYourself(answer.from, name)
  return {
    ...failure,
    failedAt: 'connect',
    reason: `the sentinels name ${answer.master.text} as the master ${name}, and it cannot be reached from here${inside}: ${failure.reason}`,
    hint: why === null ? `${failure.hint}; ${look}` : `${announce}; ${look}`,
  }
}
