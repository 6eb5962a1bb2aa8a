import type { core } from 'zod'

export type Zod = typeof import('zod').z

/** What was told, or why it was not: the form of `Told` in a baseline. */
export const toldSchema = <T extends core.SomeType>(z: Zod, is: T) =>
  z.union([z.strictObject({ is }), z.strictObject({ unknown: z.string() })])

/** How many, of bytes too: nobody holds fewer than none. */
export const countSchema = (z: Zod) => z.number().int().nonnegative()
