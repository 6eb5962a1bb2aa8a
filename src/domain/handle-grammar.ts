import { AttachError } from './errors.ts'

/** What the splitter must know of a kind to read its handles. */
export interface HandleGrammar {
  /** Lower case, canonical first. */
  readonly schemes: readonly string[]
  /** A right handle, for hints: `postgresql://USER:PASSWORD@HOST:5432/NAME`. */
  readonly example: string
  /** Query keys that have a meaning. Case matters. */
  readonly queryKeys: readonly string[]
  /** Any query key may have a meaning, also one about TLS: it is for others to read. Default: those of `queryKeys`. */
  readonly anyQuery?: true
  /** Schemes that name a socket: they have a path and no host. */
  readonly socketSchemes: readonly string[]
  /** `several`: they may list hosts, each with its port, joined by commas. Default: one host. */
  readonly hosts?: 'one' | 'several'
}

/** `[start, end)` in the text of the handle. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A piece of a handle as it stands there, and as it is meant. */
export interface Part extends Range {
  readonly raw: string
  /** Percent-decoded once. `+` is a plus. */
  readonly text: string
}

/** A host of a list, and its port. */
export interface HostPart {
  /** Without brackets. */
  readonly host: Part
  readonly port: (Part & { readonly number: number }) | null
}

export interface QueryPart extends Part {
  readonly key: string
}

/** A handle taken apart. Everything outside the ranges can be kept byte by byte. It holds the password: never print it. */
export interface SplitHandle {
  readonly scheme: string
  /** User, password and the `@` behind them. Empty where the host begins when there is no `@`. */
  readonly userinfo: Range
  readonly user: Part | null
  readonly password: Part | null
  /** Without brackets. `null` when the authority names none. */
  readonly host: Part | null
  /** The host with its brackets, without the port. */
  readonly hostRange: Range
  readonly port: (Part & { readonly number: number }) | null
  /** The further hosts, where the grammar allows several. */
  readonly others: readonly HostPart[]
  /** All hosts with their ports, as they stand there. */
  readonly hostsRange: Range
  /** Without the leading `/`. `null` when there is no `/`. */
  readonly path: Part | null
  readonly query: readonly QueryPart[]
  /** What stands under query keys without a meaning, as it stands there. Of repeated keys the last one. */
  readonly unknown: ReadonlyMap<string, string>
  /** Query keys without a meaning, and those that stand there twice. */
  readonly unknownKeys: readonly string[]
  readonly repeatedKeys: readonly string[]
}

/** HANDLE_INVALID. `what` continues "the handle …" and holds nothing of the handle. */
export const invalid = (what: string, hint: string): AttachError => new AttachError('HANDLE_INVALID', `the handle ${what}`, { hint })
