import type { core } from 'zod'
import type { Sides } from '../../comparing.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'

/** What a bucket tells, as it is kept in a baseline. */
export const factsSchema = (z: Zod) =>
  z.strictObject({
    /** The same text for two handles that lead to one bucket and one prefix, and for no others. */
    identity: toldSchema(z, z.string()),
    name: toldSchema(z, z.string()),
    owner: toldSchema(z, z.string()),
    region: toldSchema(z, z.string()),
    /** By how much its clock is ahead of ours, milliseconds. */
    aheadMs: toldSchema(z, z.number()),
    objects: toldSchema(
      z,
      z.strictObject({
        count: z.number(),
        bytes: z.number(),
        /** All were seen; else there are more. */
        isWhole: z.boolean(),
        /** ISO 8601. Null: there are none. */
        newest: z.string().nullable(),
      }),
    ),
    /** The first of them, by their names under the prefix: name, bytes, ETag. */
    first: toldSchema(z, z.array(z.tuple([z.string(), z.number(), z.string()]))),
    /** Of the first of the other one: how many were looked for, how many stand here, which are missing, and how many differ. */
    sample: toldSchema(
      z,
      z.strictObject({
        asked: z.number(),
        found: z.number(),
        /** Three names at most, fit to print. */
        missing: z.array(z.string()),
        resized: z.number(),
        retagged: z.number(),
      }),
    ),
    versioning: toldSchema(z, z.enum(['none', 'enabled', 'suspended'])),
    /** `none`, `AES256`, `aws:kms` … */
    encryption: toldSchema(z, z.string()),
    /** `GET https://app.example`. */
    cors: toldSchema(z, z.array(z.string())),
    /** Rules that are on, in words: `expire after 30 days under tmp/`. */
    lifecycle: toldSchema(z, z.array(z.string())),
    /** Everything that would open it is blocked. */
    isBlocked: toldSchema(z, z.boolean()),
    /** By its policy. */
    isPublic: toldSchema(z, z.boolean()),
    objectLock: toldSchema(z, z.boolean()),
  })

export type S3Facts = core.output<ReturnType<typeof factsSchema>>
export type S3Sides = Sides<S3Facts>

export type Settings = Pick<S3Facts, 'versioning' | 'encryption' | 'cors' | 'lifecycle' | 'isBlocked' | 'isPublic' | 'objectLock'>
export type Content = Pick<S3Facts, 'objects' | 'first' | 'sample'>
