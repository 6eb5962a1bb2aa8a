import type { core } from 'zod'
import { toldSchema, type Zod } from '../../told-schema.ts'

/** What a broker told of itself and of one vhost, as it is kept in a baseline. Names are fit to print. */
export const factsSchema = (z: Zod) =>
  z.strictObject({
    server: z.strictObject({
      product: z.string(),
      version: toldSchema(z, z.string()),
      /** The name of its cluster: a person may have given two of them the same. */
      cluster: toldSchema(z, z.string()),
      /** What RabbitMQ itself made up for its cluster. */
      clusterId: toldSchema(z, z.string()),
      vhost: z.string(),
    }),
    /** Why nobody can publish. Empty: somebody can. */
    alarm: toldSchema(z, z.string()),
    /** What it allows to a connection: 0 is without a limit. Bytes, channels, seconds. */
    limits: toldSchema(z, z.strictObject({ frameMax: z.number(), channelMax: z.number(), heartbeat: z.number() })),
    vhostLimits: toldSchema(z, z.strictObject({ connections: z.number().nullable(), queues: z.number().nullable() })),
    access: z.strictObject({
      /** Whether the user may publish to the default exchange. */
      publishes: toldSchema(z, z.boolean()),
      /** Regular expressions of names. */
      patterns: toldSchema(z, z.strictObject({ configure: z.string(), write: z.string(), read: z.string() })),
    }),
    topology: toldSchema(
      z,
      z.strictObject({
        queues: z.array(z.strictObject({ name: z.string(), type: z.string(), arguments: z.string() })),
        exchanges: z.array(z.strictObject({ name: z.string(), type: z.string(), arguments: z.string() })),
        bindings: z.array(z.string()),
        policies: z.array(z.string()),
      }),
    ),
    /** What of the other side's durable queues and exchanges stands here, asked for by name. */
    standing: toldSchema(z, z.strictObject({ asked: z.number(), missing: z.array(z.string()) })),
    /** Queues in which something waits, and how many queues there are. */
    waiting: toldSchema(
      z,
      z.strictObject({
        queues: z.number(),
        holding: z.array(z.strictObject({ name: z.string(), ready: z.number(), unacked: z.number(), consumers: z.number() })),
        /** Queues that told no count. */
        uncounted: z.number(),
      }),
    ),
  })

export type AmqpFacts = core.output<ReturnType<typeof factsSchema>>

type Is<T> = Extract<T, { readonly is: unknown }>['is']
export type Topology = Is<AmqpFacts['topology']>
export type Waiting = Is<AmqpFacts['waiting']>
