/** Variables that together hold one handle: `PGHOST`, `PGUSER`, `PGPASSWORD` … Pure data; what the values mean is for the kind to say. */
export interface VariableSet {
  /** The names of each part of the handle. Of several names the first that is set counts. The first name is the usual one. */
  readonly parts: Readonly<Record<string, readonly string[]>>
  /** Parts without which there is no handle. The first name of the first one names the attachment. */
  readonly needs: readonly string[]
  /** Names that other services use as well: they alone tell nothing (`AWS_ACCESS_KEY_ID`). */
  readonly shared?: readonly string[]
  /** Where a set could be of several kinds (`DB_HOST` …): the variable that tells, and what it says of this one. */
  readonly told?: { readonly by: string; readonly says: RegExp }
}
