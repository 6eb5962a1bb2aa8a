import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, figure, firstOf, ofOld, type Sides, silenceOf } from '../../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { AmqpFacts, Topology, Waiting } from '../facts.ts'
import { HOW_TO_MANAGE } from '../management.ts'
import { isSamePlace } from './server.ts'

type AmqpSides = Sides<AmqpFacts>

/** Without the management API most of it cannot be seen: how to get it is said. */
const withHint = (finding: Finding): Finding => (finding.status === 'unknown' ? { ...finding, remedy: HOW_TO_MANAGE } : finding)

/** Whether messages would be left behind. Pure. */
export function leftBehind(sides: AmqpSides): Finding {
  const check = COMPARED.leftBehind
  if (isSamePlace(sides)) return passed(check, 'the same vhost: nothing is left behind')
  return withHint(
    ofOld(
      check,
      sides,
      ({ waiting }) => waiting,
      (waiting) => judgeWaiting(waiting, sides),
    ),
  )
}

function judgeWaiting({ queues, holding, uncounted }: Waiting, { old, comparison }: AmqpSides): Finding {
  const check = COMPARED.leftBehind
  const total = holding.reduce((sum, { ready, unacked }) => sum + ready + unacked, 0)
  const butNot = uncounted === 0 ? '' : `; ${figure(uncounted, 'queue')} told no count`
  if (total === 0) {
    const none = `no message waits in ${figure(queues, 'queue')}`
    return uncounted === 0 ? passed(check, none) : unknown(check, `${none}${butNot}`)
  }
  const figures = `${figuresOf(holding)}${butNot}`
  if (comparison.kept === true)
    return found(check, `${figure(total, 'message')} waited on the old one when its baseline was taken: ${figures}`, {
      severity: 'warn',
      remedy: 'look for them when it comes back',
    })
  const unread = holding.filter(({ consumers }) => consumers === 0).map(({ name }) => name)
  const readers = unread.length === 0 ? '' : `; nobody reads ${firstOf(unread)}`
  const vhost = old === null || !/^[\w./-]{1,100}$/.test(old.server.vhost) ? '' : ` -p ${old.server.vhost}`
  return found(check, `${figure(total, 'message')} would be left on the old one: ${figures}${readers}`, {
    remedy: `stop what publishes, let the consumers finish, and ask again: rabbitmqctl list_queues${vhost} name messages consumers`,
  })
}

/** `12 in orders (2 of them with a consumer), 3 in mail and 2 more queues`. */
function figuresOf(holding: Waiting['holding']): string {
  const shown = [...holding]
    .sort((a, b) => b.ready + b.unacked - (a.ready + a.unacked))
    .slice(0, 3)
    .map(({ name, ready, unacked }) => {
      const taken = unacked === 0 ? '' : ` (${unacked.toLocaleString('en-US')} of them with a consumer)`
      return `${(ready + unacked).toLocaleString('en-US')} in ${name}${taken}`
    })
  const more = holding.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${figure(more, 'more queue')}` : ''}`
}

/** Whether what the app publishes would arrive somewhere. Pure. */
export function topology(sides: AmqpSides): Finding {
  const check = COMPARED.topology
  const { old, next, comparison } = sides
  if (old === null) return withHint(unknown(check, silenceOf(comparison)))
  if ('is' in old.topology && !('is' in next.topology) && 'is' in next.standing) return withHint(standing(next.standing.is))
  return withHint(
    both(
      check,
      sides,
      (facts) => facts.topology,
      (ours, theirs) => difference(ours, theirs),
    ),
  )
}

/** What the new one answered for the names of the old one. Bindings cannot be asked for. */
function standing({ asked, missing }: Extract<AmqpFacts['standing'], { readonly is: unknown }>['is']): Finding {
  const check = COMPARED.topology
  if (missing.length > 0)
    return found(check, `of ${asked} durable queues and exchanges of the old one, missing: ${firstOf(missing)}`, { remedy: COPY })
  return unknown(check, `the ${asked} durable queues and exchanges of the old one stand there; whether they are bound alike cannot be seen`)
}

const COPY = 'rabbitmqctl export_definitions FILE on the old one, import_definitions FILE on the new one; or let the app declare them'

function difference(old: Topology, next: Topology): Finding {
  const check = COMPARED.topology
  const parts = [
    lost('durable queue', namesOf(old.queues), namesOf(next.queues)),
    lost('durable exchange', namesOf(old.exchanges), namesOf(next.exchanges)),
    lost('binding', old.bindings, next.bindings),
  ].filter((text) => text !== null)
  const others = [
    changed('queue', old.queues, next.queues),
    changed('exchange', old.exchanges, next.exchanges),
    lost('policy', old.policies, next.policies, { plural: 'policies', how: 'missing or another' }),
  ].filter((text) => text !== null)
  if (parts.length > 0) return found(check, [...parts, ...others].join('; '), { remedy: COPY })
  if (others.length > 0) return found(check, others.join('; '), { severity: 'warn', remedy: COPY })
  const { queues, exchanges, bindings } = old
  const counts = [figure(queues.length, 'durable queue'), figure(exchanges.length, 'exchange'), figure(bindings.length, 'binding')]
  return passed(check, `has all of the old one: ${counts.join(', ')}`)
}

const namesOf = (things: readonly { readonly name: string }[]): readonly string[] => things.map(({ name }) => name)

/** Null: none is. */
function lost(
  what: string,
  old: readonly string[],
  next: readonly string[],
  { plural = `${what}s`, how = 'missing' }: { readonly plural?: string; readonly how?: string } = {},
): string | null {
  const stands = new Set(next)
  const missing = old.filter((name) => !stands.has(name))
  if (missing.length === 0) return null
  return `${missing.length.toLocaleString('en-US')} ${missing.length === 1 ? `${what} of the old one is` : `${plural} of the old one are`} ${how}: ${firstOf(missing)}`
}

type Thing = Topology['queues'][number]

function changed(what: string, old: readonly Thing[], next: readonly Thing[]): string | null {
  const theirs = new Map(next.map((thing) => [thing.name, thing]))
  const texts = old.flatMap((thing) => {
    const other = theirs.get(thing.name)
    if (other === undefined || (other.type === thing.type && other.arguments === thing.arguments)) return []
    return [`${what} ${thing.name} is ${shape(other)}, and ${shape(thing)} on the old one`]
  })
  return texts.length === 0 ? null : firstOf(texts)
}

const shape = ({ type, arguments: words }: Thing): string => `${type}${words === '' ? '' : ` ${words}`}`

/** Whether the user may do as much. Pure. */
export function permissions(sides: AmqpSides): Finding {
  const check = COMPARED.permissions
  const { old, next, comparison } = sides
  if (old === null) return unknown(check, silenceOf(comparison))
  const [ours, theirs] = [old.access.publishes, next.access.publishes]
  if ('is' in ours && 'is' in theirs && ours.is && !theirs.is)
    return found(check, 'the user may publish to the default exchange on the old one, and not on the new one', { remedy: GRANT })
  const finding = both(
    check,
    sides,
    ({ access }) => access.patterns,
    (before, after) => {
      const differ = (['configure', 'write', 'read'] as const).filter((right) => after[right] !== before[right] && after[right] !== '.*')
      if (differ.length === 0) return passed(check, 'the user may configure, write and read as on the old one')
      const texts = differ.map((right) => `${right} ${quoted(after[right])}, and ${quoted(before[right])} on the old one`)
      // Which names two patterns take is not to be told of two patterns: that they differ is.
      const isNone = differ.some((right) => isNothing(after[right]) && !isNothing(before[right]))
      return found(check, texts.join('; '), { severity: isNone ? 'error' : 'warn', remedy: GRANT })
    },
  )
  return finding.status === 'unknown' ? { ...finding, remedy: LIST } : finding
}

const GRANT = 'rabbitmqctl list_user_permissions USER on the old one, set_permissions on the new one'
const LIST = 'rabbitmqctl list_user_permissions USER on both; only a user with the tag administrator is told them'

const isNothing = (pattern: string): boolean => pattern === '' || pattern === '^$'
const quoted = (pattern: string): string => (pattern === '' ? 'nothing' : pattern)
