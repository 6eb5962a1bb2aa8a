import type { Key } from '../domain/change.ts'
import type { OnFailure } from '../domain/deploy.ts'
import type { Handle } from '../domain/handle.ts'
import type { Release } from '../domain/operation.ts'
import type { Expectation } from '../domain/probe.ts'
import type { Secret } from '../domain/secret.ts'
import type { VerbName } from './verbs.ts'

/** A command line, understood: what is to be done, typed and checked as far as that needs no look at the world. */
export type Command =
  | AloneCommand
  | AttachCommand
  | SwapCommand
  | FailoverCommand
  | DetachCommand
  | RollbackCommand
  | UndoCommand
  | StatusCommand
  | ProbeCommand
  | WaitCommand
  | CompareCommand
  | LogCommand
  | RecoverCommand
  | ExecCommand
  | WhereCommand
  | InitCommand
  | HelpCommand
  | VersionCommand

/** How to speak. */
export interface Speaking {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** `false`: `--no-color`. */
  readonly color: boolean
  /** `false`: `--no-input`, behave as off a terminal. */
  readonly input: boolean
}

/** Which deploy was asked for. */
export type Where =
  | { readonly by: 'default' }
  /** A path or a store's URL: may hold credentials, so never print it as it is. */
  | { readonly by: 'config'; readonly address: string }
  | { readonly by: 'deploy'; readonly name: string }

export interface Located extends Speaking {
  readonly where: Where
  /** `-C DIR`; `null` is the current directory. */
  readonly directory: string | null
  /** Bounds the command up to the write. Milliseconds, over 0; `null`: no bound. */
  readonly timeoutMs: number | null
}

export interface Writing extends Located {
  readonly dryRun: boolean
  /** `--yes`, or `--confirm` with any name. */
  readonly yes: boolean
  /** The name that a protected deploy needs. */
  readonly confirm: string | null
  /** Milliseconds; 0 does not wait; `null`: the default, 10 s on a terminal and 60 s elsewhere. */
  readonly lockTimeoutMs: number | null
  /** `--atomic-only`: nothing is written in place. */
  readonly atomicOnly: boolean
  /** `false`: `--no-hook`, neither hook nor health. */
  readonly hook: boolean
  /** `--trust`: commands of attach.yaml may run for the first time. */
  readonly trust: boolean
}

export interface Releasing extends Writing {
  /** Why, for the log. */
  readonly message: string | null
  /** `null`: what attach.yaml says, or the usual. */
  readonly onFailure: OnFailure | null
}

/** What decides whether a resource is fit. */
export interface Judging {
  /** `null`: the default of the verb. */
  readonly expect: Expectation | null
  /** Findings that do not stand in the way, by their ids. */
  readonly allow: readonly string[]
  /** `--strict`: warnings and what could not be found out stand in the way too. */
  readonly strict: boolean
  /** The file that speaks for an old resource, by its path as it was given. */
  readonly baseline: string | null
}

export interface Probing extends Judging {
  /** `false`: `--no-probe`. */
  readonly probe: boolean
}

/** Where a value comes from. */
export type Source =
  | { readonly from: 'argv'; readonly value: Handle }
  | { readonly from: 'stdin' }
  | { readonly from: 'prompt' }
  | { readonly from: 'env'; readonly name: string }
  /** What stands under another key now. */
  | { readonly from: 'key'; readonly key: Key }
  /** A regular file or a pipe, by its path as it was given. */
  | { readonly from: 'file'; readonly path: string }
  /** What a shell command prints. It may hold a secret itself. */
  | { readonly from: 'command'; readonly run: Secret }

export interface Pair {
  readonly key: Key
  readonly source: Source
}

/** Where what is replaced under a key stays attached: `--keep-old`. */
export interface KeptOld {
  readonly key: Key
  readonly as: Key
}

/** `attach` with nothing to attach: an overview on a terminal, usage elsewhere. */
export interface AloneCommand extends Located {
  readonly verb: 'alone'
}

/** `pairs`: at least one, no key twice, at most one from stdin. */
export interface AttachCommand extends Releasing, Probing {
  readonly verb: 'attach'
  readonly pairs: readonly Pair[]
  readonly kind: string | null
  /** Keep the final line end of a value that is not in argv. */
  readonly raw: boolean
  /** One for each key, or none. */
  readonly keepOld: readonly KeptOld[]
  readonly create: boolean
}

export interface SwapCommand extends Releasing, Probing {
  readonly verb: 'swap'
  readonly to: SwapTo
  readonly kind: string | null
  readonly raw: boolean
  readonly keepOld: readonly KeptOld[]
}

export type SwapTo =
  /** At least one, no key twice, at most one from stdin. */
  | { readonly by: 'pairs'; readonly pairs: readonly Pair[] }
  /** The present handle with these parts replaced. */
  | { readonly by: 'parts'; readonly key: Key; readonly parts: Parts }

/** At least one is there. As they are meant, not percent-encoded. */
export interface Parts {
  readonly host?: string
  /** 1 to 65535, in decimal. */
  readonly port?: string
  readonly name?: string
  readonly user?: string
  readonly password?: Extract<Source, { readonly from: 'argv' | 'stdin' }>
}

export interface FailoverCommand extends Releasing, Probing {
  readonly verb: 'failover'
  readonly key: Key
  /** At least one, at most one from stdin. */
  readonly candidates: readonly CandidateSource[]
  readonly kind: string | null
  /** One, or none. */
  readonly keepOld: readonly KeptOld[]
}

/** From stdin come several, one a line. */
export type CandidateSource = Extract<Source, { readonly from: 'argv' | 'stdin' | 'key' }>

/** `keys`: at least one, none twice. */
export interface DetachCommand extends Releasing {
  readonly verb: 'detach'
  readonly keys: readonly Key[]
}

export interface RollbackCommand extends Releasing, Probing {
  readonly verb: 'rollback'
  /** 0 is what stood before v1; `null`: the release before the last. */
  readonly to: Release | null
}

export interface UndoCommand extends Releasing, Probing {
  readonly verb: 'undo'
  /** 1 or more; `null`: the last. */
  readonly release: Release | null
}

export interface StatusCommand extends Located {
  readonly verb: 'status'
  readonly probe: boolean
  readonly reveal: boolean
}

export type Target =
  | { readonly by: 'key'; readonly key: Key }
  | { readonly by: 'handle'; readonly source: Extract<Source, { readonly from: 'argv' | 'stdin' }> }

/** `targets`: empty is all that is attached. Handles only: no deploy is needed. */
export interface ProbeCommand extends Located {
  readonly verb: 'probe'
  /** Puts one small thing there, and takes it away again. */
  readonly write: boolean
  readonly targets: readonly Target[]
  readonly kind: string | null
  readonly expect: Expectation | null
}

/** Probes until it holds. `targets`: as those of `probe`. */
export interface WaitCommand extends Located {
  readonly verb: 'wait'
  readonly targets: readonly Target[]
  readonly kind: string | null
  readonly expect: Expectation | null
  /** Until nothing answers any more. */
  readonly invert: boolean
  readonly intervalMs: number | null
  readonly backoff: 'exponential' | 'none' | null
  readonly concurrency: number | null
  /** What is run afterwards, with its words. Null: nothing. All of it may be secret. */
  readonly program: string | null
  readonly args: readonly string[]
}

/** Reads only. `save`: where a baseline is to be kept, by its path as it was given. */
export interface CompareCommand extends Located, Judging {
  readonly verb: 'compare'
  readonly what: ToCompare
  readonly kind: string | null
  readonly raw: boolean
  readonly save: string | null
}

export type ToCompare =
  /** What stands under keys against what would be put there. With `save`: one key. */
  | { readonly by: 'swap'; readonly to: SwapTo }
  /** Any two. Handles only: no deploy is needed. With `save`: `old` is a key. */
  | { readonly by: 'two'; readonly old: Target; readonly next: Target }
  /** Nothing is compared, and `save` is there. */
  | { readonly by: 'alone'; readonly key: Key }

export interface LogCommand extends Located {
  readonly verb: 'log'
  /** How many releases at most, 1 or more. */
  readonly limit: number
  readonly reveal: boolean
}

export interface RecoverCommand extends Writing {
  readonly verb: 'recover'
  readonly keep: boolean
}

/** What stands after `--`, to be run with the deploy's config. All of it may be secret. */
export interface ExecCommand extends Located {
  readonly verb: 'exec'
  readonly program: string
  readonly args: readonly string[]
}

/** What `where` looks for. */
export type Sought =
  | { readonly by: 'handle'; readonly source: Extract<Source, { readonly from: 'argv' | 'stdin' }> }
  /** A name, an address without brackets, or the path of a socket. `port` null: any. */
  | { readonly by: 'host'; readonly host: string; readonly port: number | null }

/** Looks for a resource in many configs. */
export interface WhereCommand extends Speaking {
  readonly verb: 'where'
  readonly sought: Sought
  /** `-C DIR`; `null` is the current directory. */
  readonly directory: string | null
  /** `-c`, as often as it is given. They may hold credentials, so never print them as they are. */
  readonly patterns: readonly string[]
}

/** Writes an attach.yaml where there is none. */
export interface InitCommand extends Speaking {
  readonly verb: 'init'
  /** `-C DIR`; `null` is the current directory. */
  readonly directory: string | null
  readonly dryRun: boolean
  readonly yes: boolean
}

export interface HelpCommand extends Speaking {
  readonly verb: 'help'
  /** `null`: all of it. */
  readonly topic: VerbName | null
}

export interface VersionCommand extends Speaking {
  readonly verb: 'version'
}
