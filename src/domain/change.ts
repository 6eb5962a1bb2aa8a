import type { Secret } from './secret.ts'

/**
 * The words of this product, one word for one thing.
 *
 * deploy      one running instance of the app, with its own config
 * config      the deploy's variables, kept in a config store
 * key         a variable's name
 * handle      what locates a resource and authenticates to it
 * resource    the backing service a handle leads to
 * kind        what sort of service it is
 * attachment  one resource of a deploy: the key, or the set of keys, that hold its handle
 * change      one key's value before and after
 * plan        what an operation would do, as data
 * release     a committed operation: v1, v2 …
 * journal     the append-only record of a deploy: intent, claim, close
 * verdict     how an operation ended
 */

/** A variable's name. */
export type Key = string & { readonly __brand: 'Key' }

/** A variable's value. `null` is absence. */
export type Value = Secret | null

/** attach: null to a value. detach: a value to null. swap: a value to another. undo: the inverse of a recorded change. */
export interface Change {
  readonly key: Key
  readonly before: Value
  readonly after: Value
}

export const invert = ({ key, before, after }: Change): Change => ({ key, before: after, after: before })

export const same = (a: Value, b: Value): boolean => (a === null || b === null ? a === b : a.equals(b))

/** A key that stands there with an empty text holds nothing. */
export const isEmpty = (value: Value): boolean => value === null || value.reveal() === ''
