/** What other deploys lead to one resource, as far as their handles say. */
export interface Elsewhere {
  /** How many other deploys there are. */
  readonly others: number
  /** Those that lead there, each with its keys. */
  readonly attached: readonly string[]
  /** Those whose config could not be read, each with the reason. */
  readonly unreadable: readonly string[]
  /** Those whose config does not stand on this machine. */
  readonly absent: readonly string[]
}
