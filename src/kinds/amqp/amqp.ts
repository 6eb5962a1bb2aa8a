import type { Kind } from '../../ports/kind.ts'
import { AMQP_SCHEMES, type Amqp, identifyAmqp, parseAmqp } from './handle.ts'
import { composeAmqp, decomposeAmqp, replaceParts } from './parts.ts'
import { traitsOfAmqp } from './traits.ts'

/** RabbitMQ over AMQP 0-9-1. `amqps` is TLS with the certificate and the host name checked. https://www.rabbitmq.com/docs/protocol */
export const amqp: Kind<Amqp> = {
  name: 'amqp',
  schemes: AMQP_SCHEMES,
  usualKey: 'AMQP_URL',
  depth: 'use',
  parse: parseAmqp,
  identify: identifyAmqp,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfAmqp,
  probe: async (resource, context) => (await import('./probe.ts')).probeAmqp(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openAmqp(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose: composeAmqp,
  decompose: decomposeAmqp,
}

export default amqp
