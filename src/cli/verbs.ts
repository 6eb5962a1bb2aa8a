import { SETTLE_DEFAULTS } from '../domain/deploy.ts'
import { QUIET_PERIOD_MS } from '../engine/quiet-period.ts'
import { PROBE_LIMITS, SURVEY_LIMITS } from '../ports/kind.ts'
import { DEFAULTS, seconds } from './defaults.ts'

/** One command of `attach`: feeds parsing, help and suggestions. */
interface VerbRow {
  readonly name: string
  readonly alias?: string
  /** Changes nothing, whatever its exit. */
  readonly reads: boolean
  /** Works on a deploy: takes `--config`, `--deploy`, `--directory`. */
  readonly deploy: boolean
  /** One line, shown in the list of commands. */
  readonly summary: string
  /** What stands after `attach`. */
  readonly usage: readonly string[]
  /** What its words are, for messages: `swap takes KEY=HANDLE …`. */
  readonly takes: string
  /** Runnable lines, each with what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Paragraphs of its help. */
  readonly details: readonly string[]
}

const VALUES = `A value need not stand in the command line: KEY alone asks for it without echo, KEY=- reads it from stdin, --from-env takes it from the environment, --from-key from another key, --from-file from a file or a pipe, --from-command from what a command prints; both have ${seconds(DEFAULTS.sourceMs)}, or --timeout. One final line end is removed; --raw keeps it.`
const LOCK = `Bound: ${seconds(DEFAULTS.lockOnTerminalMs)} on a terminal and ${seconds(DEFAULTS.lockElsewhereMs)} elsewhere for another attach to end (--lock-timeout).`
const BOUNDS = `Bounds: ${seconds(PROBE_LIMITS.connectMs)} to resolve and connect, ${seconds(PROBE_LIMITS.statementMs)} for one statement, ${seconds(PROBE_LIMITS.totalMs)} for one probe in all. A bound that passes is named in the message.`
const SETTLING = `Where attach.yaml gives the deploy a hook or a health check, they run once the config is written (${seconds(SETTLE_DEFAULTS.hookMs)} each, if nothing else is said). When the app does not settle, the old value is put back and the hook runs again (exit 7); the new value stays where the old resource did not answer (exit 8). --on-failure decides otherwise, --no-hook runs neither.`
const GUARDS =
  'Every check has an id, and says what it found with figures and what to do about it: an error stands in the way (exit 3) unless --allow ID lets it pass, a warning only with --strict; what could not be found out is unknown, never a pass. docs/guards.md lists them all.'
const SURVEY = `${seconds(SURVEY_LIMITS.totalMs)} for all that one resource is asked about itself, ${seconds(SURVEY_LIMITS.statementMs)} for one question.`
const GOING_BACK =
  'What would be attached is probed first. Given bare, right after a rollback or an undo, it is refused with the explicit commands: repeating a line must not toggle a deploy.'

/** The commands there are, in the order help shows them. */
export const VERBS = [
  {
    name: 'attach',
    reads: false,
    deploy: true,
    summary: 'attach a resource: put its handle under a key (the default command)',
    usage: ['KEY=HANDLE… [options]', 'KEY… [options]'],
    takes: 'KEY=HANDLE',
    examples: [
      ['attach DATABASE_URL=postgres://localhost/app', 'attach the database of a laptop'],
      ['attach DATABASE_URL', 'ask for the handle, without echo'],
      ['attach DATABASE_URL=- -d review-42 --create < secret', 'a CI step: the handle comes from stdin'],
      ['attach --from-env DATABASE_URL=STAGING_URL -d staging', 'the handle stands in the environment'],
    ],
    details: [
      'The resource is probed, then the handle is written in one atomic step. A key that holds this value already stays as it is. A key that holds another value is a swap and must be meant: a question on a terminal, --yes elsewhere. Several pairs are one operation, all or none.',
      VALUES,
      SETTLING,
      BOUNDS,
    ],
  },
  {
    name: 'swap',
    reads: false,
    deploy: true,
    summary: 'put another resource under a key that holds one',
    usage: ['swap KEY=HANDLE… [options]', 'swap KEY… [options]', 'swap KEY --host HOST [options]'],
    takes: 'KEY=HANDLE, or KEY with the parts to replace',
    examples: [
      ['attach swap DATABASE_URL -d production', 'ask for the new handle, without echo'],
      ['attach swap DATABASE_URL=- --dry-run < secret', 'check and show, change nothing'],
      ['attach swap DATABASE_URL --host db2.internal', 'the same handle on another host'],
      ['attach swap DATABASE_URL --password - < secret', 'a new password, nothing else'],
      ['attach swap --from-file DATABASE_URL=/run/secrets/db --keep-old', 'and keep the old one under DATABASE_URL_OLD'],
    ],
    details: [
      'The key must hold something. The new resource is probed and compared with the old one, the plan is shown, and the handle changes in one atomic step.',
      GUARDS,
      '--host, --port, --name, --user and --password replace parts of the handle that stands there; every other byte of it is kept. They are given as they are meant, not percent-encoded.',
      'With --keep-old what is replaced stays attached under KEY_OLD, in the same release: undo takes both back. It is not probed, and what that key held before is replaced.',
      VALUES,
      SETTLING,
      `${BOUNDS} ${SURVEY}`,
    ],
  },
  {
    name: 'failover',
    reads: false,
    deploy: true,
    summary: 'put the fittest of several candidates under a key that holds a resource',
    usage: ['failover KEY --to HANDLE… [options]'],
    takes: 'one KEY, and its candidates by --to',
    examples: [
      ['attach failover DATABASE_URL --to STANDBY_URL --to RESERVE_URL -d production', 'the handles stand under other keys'],
      ['attach failover DATABASE_URL --to - -d production < secret', 'one handle a line, from stdin'],
      ['attach failover DATABASE_URL --to - --dry-run < secret', 'who is fit, and who is ahead? Changes nothing'],
    ],
    details: [
      'All candidates, 16 at most, are asked at once, and the present resource as far as it answers. Each that does not answer or that a guard refuses is named with its reason. Of the fit ones the most advanced is taken: the greatest position of the log that they share, then the newest row, then who was named first. Then it is a swap, in one atomic step.',
      'It promotes nothing and fences nothing: a standby is refused until somebody promoted it, and a present resource that still takes writes is a warning. When none is fit nothing is changed (exit 3).',
      `A key that was failed over in the last ${QUIET_PERIOD_MS / 60_000} minutes is refused; --allow failover.quiet goes on all the same, and is recorded. It holds up neither undo nor rollback; guards do.`,
      `Bound: ${seconds(DEFAULTS.failoverMs)} for all of it up to the write, ${seconds(DEFAULTS.failoverOnTerminalMs)} on a terminal, questions and waiting for another attach included (--timeout). A candidate that hangs is waited for ${seconds(PROBE_LIMITS.totalMs)}, and named.`,
      SETTLING,
      BOUNDS,
    ],
  },
  {
    name: 'detach',
    reads: false,
    deploy: true,
    summary: 'remove a handle from the config; the resource is not touched',
    usage: ['detach KEY… [options]'],
    takes: 'KEY',
    examples: [
      ['attach detach CACHE_URL', 'detach a cache'],
      ['detach CACHE_URL QUEUE_URL -d staging', 'two at once, all or none, by the binary `detach`'],
    ],
    details: [
      'The service and its data stay as they are, and nothing is probed. A key that is absent is no error: nothing changes.',
      SETTLING,
      LOCK,
    ],
  },
  {
    name: 'rollback',
    reads: false,
    deploy: true,
    summary: 'go back to a release: every key gets the value it had then',
    usage: ['rollback [vN] [options]'],
    takes: 'one release, such as v12',
    examples: [
      ['attach rollback -d production', 'back to the release before the last'],
      ['attach rollback v12 -d production', 'back to v12'],
      ['attach rollback v0 --dry-run', 'what would be as before the first release?'],
    ],
    details: [
      'Every key that later releases changed gets its value of vN, as one new release (default: the release before the last). v0 is what each key held before its first release. A key that was edited outside is a conflict; --allow config.edited goes on over it and records it.',
      GOING_BACK,
      SETTLING,
      BOUNDS,
    ],
  },
  {
    name: 'undo',
    reads: false,
    deploy: true,
    summary: 'undo one release; later changes of other keys stay',
    usage: ['undo [vN] [options]'],
    takes: 'one release, such as v12',
    examples: [
      ['attach undo -d production', 'undo the last release'],
      ['attach undo v12 -d production', 'undo v12 and nothing else'],
    ],
    details: [
      'Makes the inverse of vN as a new release (default: the last). A key that no longer holds what vN wrote is a conflict; --allow config.edited goes on over an edit made outside and records it.',
      GOING_BACK,
      SETTLING,
      BOUNDS,
    ],
  },
  {
    name: 'status',
    alias: 'ls',
    reads: true,
    deploy: true,
    summary: 'what is attached, and whether it changed outside since',
    usage: ['status [options]'],
    takes: 'no arguments',
    examples: [
      ['attach status', 'what this directory is attached to'],
      ['attach status -d production --probe', 'and does it answer?'],
    ],
    details: [
      'Shows key, kind, provider, redacted target, last release, edits made outside and an open operation. Contacts nothing, writes nothing, locks nothing; --probe also asks each resource.',
      BOUNDS,
    ],
  },
  {
    name: 'probe',
    reads: true,
    deploy: true,
    summary: 'ask a resource over its own protocol, with its own credentials',
    usage: ['probe [KEY|HANDLE|-]… [options]'],
    takes: 'keys and handles',
    examples: [
      ['attach probe -d staging --json', 'all that is attached, for a script'],
      ['attach probe DATABASE_URL --expect writable', 'may it be written to?'],
      ['attach probe - < secret', 'a handle that is not attached yet, from stdin'],
    ],
    details: ['Harmless: a probe writes nothing, creates nothing and disturbs no client. Given handles only, no deploy is needed.', BOUNDS],
  },
  {
    name: 'wait',
    reads: true,
    deploy: true,
    summary: 'probe until it holds, then run a command',
    usage: ['wait [KEY|HANDLE|-]… [options] [-- CMD [ARG]…]'],
    takes: 'keys and handles, and a command after "--"',
    examples: [
      ['attach wait -- npm start', 'start the app once all that is attached answers'],
      ['attach wait DATABASE_URL --expect writable --timeout 5m', 'until a standby was promoted'],
      ['attach wait redis://localhost:6379 --invert', 'until nothing listens there any more'],
    ],
    details: [
      'What another try may not meet again (refused, starting up, too many connections, not yet writable) is tried again, with pauses that grow and differ by chance. What stays until somebody acts (a wrong password, no such database, another protocol) ends it at once, exit 3; a name that does not resolve is asked for twice. All results are shown.',
      `When the time passes it is exit 124, with what each still waited for. --invert waits until nothing answers at the address: a server that refuses the login is still there.`,
      'The command gets the environment and the terminal of the caller; its exit is that of attach, 127 when it is not found and 126 when it cannot be run. With --json and a command the document stands on stderr.',
      BOUNDS,
    ],
  },
  {
    name: 'compare',
    reads: true,
    deploy: true,
    summary: 'the pre-flight of a swap alone: is this resource fit to take the place of that one?',
    usage: [
      'compare KEY=HANDLE… [options]',
      'compare KEY --host HOST [options]',
      'compare OLD NEW [options]',
      'compare KEY --save FILE [options]',
    ],
    takes: 'KEY=HANDLE, or OLD NEW',
    examples: [
      ['attach compare DATABASE_URL=- -d production < secret', 'may this database take the place of the present one?'],
      ['attach compare DATABASE_URL --host db2.internal --json', 'the same handle on another host, for a script'],
      ['attach compare DATABASE_URL REPLICA_URL', 'what stands under one key against what stands under another'],
      ['attach compare DATABASE_URL --save db.baseline', 'keep what the database tells of itself, for the day it is dead'],
      ['attach compare DATABASE_URL=- --baseline db.baseline < secret', 'and compare with that when it is'],
    ],
    details: [
      'Asks both resources about themselves and compares: writes nothing, locks nothing, and needs no deploy where both are handles. Exit 0: nothing stands in the way of a swap. Exit 3: the new one does not answer, or a guard refuses it. OLD and NEW are handles, keys, or - for one on stdin.',
      GUARDS,
      '--save FILE keeps what the old resource tells, without a secret, readable by you alone; only another baseline is replaced, and no symbolic link is followed. --baseline FILE speaks for the old resource when it is dead: its age is told.',
      VALUES,
      `${BOUNDS} ${SURVEY}`,
    ],
  },
  {
    name: 'log',
    reads: true,
    deploy: true,
    summary: 'the releases: number, when, who, why, what, how it ended',
    usage: ['log [options]'],
    takes: 'no arguments',
    examples: [
      ['attach log -d production', 'the last releases, newest first'],
      ['attach log -n 3 --json', 'the last three, for a script'],
    ],
    details: ['Values are redacted. Edits made outside stand between the releases.'],
  },
  {
    name: 'where',
    reads: true,
    deploy: false,
    summary: 'which deploys and keys lead to a resource, or to a host',
    usage: ['where HANDLE|HOST [options]', 'where - [options]'],
    takes: 'a handle or a host',
    examples: [
      ['attach where db1.internal', 'who still leads to this host?'],
      ["attach where db1.internal:5432 -c 'deploys/*/.env'", 'also in the configs of other folders'],
      ['attach where - --json < secret', 'who leads to the very database of this handle, for a script'],
    ],
    details: [
      'Looks into the config of every deploy of attach.yaml; without one, into the .env files of the directory, templates aside. Each -c adds the configs that its path or pattern leads to; in quotes it is expanded here and not by the shell.',
      'A handle finds the keys that lead to the same kind, host, port and name, however they are written: usual ports are filled in, and the names of this machine (localhost, 127.0.0.1, [::1]) are one. A host finds all that is on it, of any kind; HOST:PORT, [ADDRESS]:PORT and the path of a socket say more.',
      'By what the handles say: two names of one server are two. A value that is no handle is passed over. A config that cannot be read is named, and the rest is looked into. Contacts nothing, writes nothing, locks nothing.',
    ],
  },
  {
    name: 'recover',
    reads: false,
    deploy: true,
    summary: 'close what a dead or stuck operation left open',
    usage: ['recover [options]'],
    takes: 'no arguments',
    examples: [
      ['attach recover -d production', 'finish it, or put it back'],
      ['attach recover --keep -d production', 'accept what stands there now'],
    ],
    details: [
      'Claims the open operation, looks at what the config holds, then decides: the old value closes it as aborted or reverted, the new value finishes it. When neither is found nothing is written; --keep then closes it with what is there.',
      'Where the app did not settle on what stands, hook and health run again. --no-hook ends the operation without them.',
      LOCK,
    ],
  },
  {
    name: 'exec',
    reads: true,
    deploy: true,
    summary: "run a command with the deploy's config in its environment",
    usage: ['exec [options] -- CMD [ARG]…'],
    takes: 'a command after "--"',
    examples: [
      ['attach exec -- npm start', 'the app, with what .env holds'],
      ['attach exec -d production -- rake db:migrate', 'one task, with the config of production'],
    ],
    details: [
      'Every key of the config is a variable of the command, as dotenv reads it: `$NAME` in a value stays as it is, an empty value is an empty variable, the last of several assignments counts. The config wins over the environment that attach was called with; the rest of that is passed on.',
      'Input, output, terminal and signals are those of the command, and so is the exit: attach adds 127 for a command that was not found and 126 for one that cannot be run, and 2 or 6 before it begins. A command that a signal ends makes attach end by it too, 128 and its number to a shell.',
      'Nothing is locked: the config is read once, as it stands. With -C the command runs in DIR.',
    ],
  },
  {
    name: 'init',
    reads: false,
    deploy: false,
    summary: 'write an attach.yaml that names the .env files of this directory',
    usage: ['init [options]'],
    takes: 'no arguments',
    examples: [
      ['attach init', 'ask about each deploy, then write it'],
      ['attach init --dry-run', 'show what would be written'],
      ['attach init -y', 'write it without questions'],
    ],
    details: [
      'Each .env file becomes a deploy: .env.NAME is NAME, .env is local. One that is called production, prod or live is protected. The files are not opened, and no value of theirs is written.',
      'An attach.yaml that stands there is never replaced. Off a terminal nothing is asked.',
    ],
  },
  {
    name: 'help',
    reads: true,
    deploy: false,
    summary: 'this text, or the help of one command',
    usage: ['help [COMMAND]'],
    takes: 'one command',
    examples: [['attach help swap', 'all about swap']],
    details: [],
  },
  {
    name: 'version',
    reads: true,
    deploy: false,
    summary: 'the version of attach',
    usage: ['version'],
    takes: 'no arguments',
    examples: [['attach version', 'the version and nothing else']],
    details: [],
  },
] as const satisfies readonly VerbRow[]

export type VerbName = (typeof VERBS)[number]['name']
export type VerbInfo = VerbRow & { readonly name: VerbName }

const ROWS: readonly VerbInfo[] = VERBS
const BY_NAME: ReadonlyMap<string, VerbInfo> = new Map(
  ROWS.flatMap((row) => [row.name, ...(row.alias === undefined ? [] : [row.alias])].map((name) => [name, row])),
)

/** The verb that a word names, by its name or its alias. */
export const verbNamed = (word: string): VerbInfo | null => BY_NAME.get(word) ?? null

/** Names and aliases, for suggestions. */
export const verbNames = (): readonly string[] => [...BY_NAME.keys()]

/** The row of a verb. */
export function verbInfo(verb: VerbName): VerbInfo {
  const row = BY_NAME.get(verb)
  if (row === undefined) throw new Error(`BUG: no row for the verb ${verb}`)
  return row
}

/** Words of other tools, and the verb that means the same here. */
const PEERS: ReadonlyMap<string, VerbName> = new Map<string, VerbName>([
  ...(['link', 'bind', 'add', 'connect', 'set', 'create'] as const).map((word) => [word, 'attach'] as const),
  ...(['promote', 'switch', 'replace', 'rotate', 'update'] as const).map((word) => [word, 'swap'] as const),
  ...(['switchover', 'takeover'] as const).map((word) => [word, 'failover'] as const),
  ...(['unlink', 'unbind', 'unset', 'remove', 'rm', 'delete', 'del', 'disconnect'] as const).map((word) => [word, 'detach'] as const),
  ...(['releases', 'history', 'revisions', 'audit'] as const).map((word) => [word, 'log'] as const),
  ...(['list', 'links', 'show', 'info', 'attachments', 'bindings'] as const).map((word) => [word, 'status'] as const),
  ...(['check', 'ping', 'test', 'diagnose', 'verify'] as const).map((word) => [word, 'probe'] as const),
  ...(['diff', 'preflight'] as const).map((word) => [word, 'compare'] as const),
  ...(['revert'] as const).map((word) => [word, 'undo'] as const),
  ...(['restore', 'rewind'] as const).map((word) => [word, 'rollback'] as const),
  ...(['run', 'env', 'shell', 'start'] as const).map((word) => [word, 'exec'] as const),
  ...(['who', 'uses', 'find', 'locate', 'whois'] as const).map((word) => [word, 'where'] as const),
  ...(['setup', 'adopt', 'configure'] as const).map((word) => [word, 'init'] as const),
  ...(['unlock', 'repair', 'resume', 'fix'] as const).map((word) => [word, 'recover'] as const),
])

/** Our verb for a word that other tools use. */
export const verbOfPeer = (word: string): VerbName | null => PEERS.get(word) ?? null
