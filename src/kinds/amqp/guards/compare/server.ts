import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, bytes, ofNext, type Sides, silenceOf } from '../../../comparing.ts'
import { BLOCKED, UNBLOCK } from '../../alarm.ts'
import { COMPARED } from '../checks.ts'
import type { AmqpFacts } from '../facts.ts'

type AmqpSides = Sides<AmqpFacts>

/** What the broker is, and what it allows. Pure. */
export const alarm = (sides: AmqpSides): Finding =>
  ofNext(
    COMPARED.alarm,
    sides,
    (facts) => facts.alarm,
    (next) =>
      next === ''
        ? passed(COMPARED.alarm, 'no alarm is set: publishers get on')
        : found(COMPARED.alarm, `${BLOCKED} (${next})`, { remedy: UNBLOCK }),
  )

export const version = (sides: AmqpSides): Finding =>
  both(
    COMPARED.version,
    sides,
    ({ server }) => server.version,
    (old, next) => {
      const check = COMPARED.version
      const [ours, theirs] = [sides.old?.server.product ?? '', sides.next.server.product]
      const text = `${theirs} ${next}, where the old one is ${ours} ${old}`
      if (ours !== theirs) return found(check, `${text}: another product`, { remedy: 'see that it has what the app uses' })
      if (old === next) return passed(check, `${theirs} ${next} on both`)
      const [before, after] = [old, next].map((each) => each.split('.').map((part) => Number.parseInt(part, 10) || 0))
      const [oldMajor = 0, oldMinor = 0] = before ?? []
      const [major = 0, minor = 0] = after ?? []
      if (major > oldMajor) return found(check, `${text}${major >= 4 && oldMajor < 4 ? GONE_IN_4 : ''}`, { remedy: NOTES })
      if (major < oldMajor || minor < oldMinor)
        return found(check, `${text}: it is older`, { remedy: `name a broker of version ${old} or newer` })
      return passed(check, text)
    },
  )

const GONE_IN_4 = ': mirrored classic queues are gone there, and queues that are neither durable nor exclusive on their way out'
const NOTES = 'read its release notes: www.rabbitmq.com/release-information'

export const limits = (sides: AmqpSides): Finding =>
  both(
    COMPARED.limits,
    sides,
    (facts) => facts.limits,
    (old, next) => {
      const check = COMPARED.limits
      const lower = [
        isLower(old.frameMax, next.frameMax) ? `frames of ${bytes(next.frameMax)} (${sizeOf(old.frameMax)})` : null,
        isLower(old.channelMax, next.channelMax) ? `${next.channelMax} channels a connection (${old.channelMax || 'no limit'})` : null,
        isLower(old.heartbeat, next.heartbeat)
          ? `a heartbeat each ${next.heartbeat} s (${old.heartbeat === 0 ? 'none' : `${old.heartbeat} s`})`
          : null,
      ].filter((text) => text !== null)
      if (lower.length === 0) return passed(check, 'frames, channels and heartbeat are allowed as on the old one')
      return found(check, `${lower.join(', ')}; what the old one allows is in brackets`, {
        remedy: 'frame_max, channel_max and heartbeat in rabbitmq.conf of the new one',
      })
    },
  )

export const vhostLimits = (sides: AmqpSides): Finding =>
  both(
    COMPARED.vhostLimits,
    sides,
    (facts) => facts.vhostLimits,
    (old, next) => {
      const check = COMPARED.vhostLimits
      const parts = (['connections', 'queues'] as const).filter((part) => isLower(old[part] ?? 0, next[part] ?? 0))
      if (parts.length === 0) return passed(check, 'as many connections and queues as on the old one')
      const texts = parts.map((part) => `${next[part]} ${part} at most (${old[part] ?? 'no limit'} on the old one)`)
      return found(check, texts.join(', '), { remedy: 'rabbitmqctl set_vhost_limits, clear_vhost_limits' })
    },
  )

/** 0 is without a limit. */
const isLower = (old: number, next: number): boolean => next !== 0 && (old === 0 || next < old)

const sizeOf = (count: number): string => (count === 0 ? 'no limit' : bytes(count))

export function vhost({ old, next, comparison }: AmqpSides): Finding {
  const check = COMPARED.vhost
  if (old === null) return unknown(check, silenceOf(comparison))
  const [before, after] = [old.server.vhost, next.server.vhost]
  if (before === after) return passed(check, `the vhost ${after} on both`)
  return found(check, `the vhost ${after}, where the old one is ${before}`, { remedy: 'name the same vhost, unless another one is meant' })
}

export const identity = (sides: AmqpSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ server }) => server.cluster,
    (old, next) => {
      const check = COMPARED.identity
      if (old !== next) return passed(check, `another cluster: ${next}, where the old one is ${old}`)
      if (isStranger(sides)) return passed(check, `another cluster that has the same name, ${next}`)
      if (sides.old?.server.vhost !== sides.next.server.vhost) return passed(check, `another vhost of the same cluster, ${next}`)
      return found(check, `the same vhost of the same cluster, ${next}`, {
        remedy: 'name another one, unless only the user is to change; rabbitmqctl cluster_status tells two clusters of one name apart',
      })
    },
  )

/** As far as the names tell: two clusters may have been given one. */
export const isSamePlace = (sides: AmqpSides): boolean => {
  const [ours, theirs] = [sides.old?.server, sides.next.server]
  if (ours === undefined || ours.vhost !== theirs.vhost || isStranger(sides)) return false
  if (sides.comparison.within === true) return true
  return 'is' in ours.cluster && 'is' in theirs.cluster && ours.cluster.is === theirs.cluster.is
}

/** RabbitMQ itself says that they are two. */
const isStranger = ({ old, next }: AmqpSides): boolean =>
  old !== null && 'is' in old.server.clusterId && 'is' in next.server.clusterId && old.server.clusterId.is !== next.server.clusterId.is
