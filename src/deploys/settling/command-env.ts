import type { Intent } from '../../domain/operation.ts'
import { Redactor, secretsIn } from '../../domain/redact.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Round } from '../../engine/protocol.ts'
import type { Environment } from '../../ports/host.ts'
import { USUAL_PATH } from './command-files.ts'

export interface HookEnvOptions {
  readonly deploy: string
  /** The config: absolute. */
  readonly config: string
  /** Where the command runs. */
  readonly folder: string
  readonly round: Round
  /** The old and new values of the operation. */
  readonly values: readonly Secret[]
}

/** They make programs print what they should not, or were meant for attach alone. */
const NOT_FOR_HOOKS = ['DEBUG', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_OPTIONS', 'OLDPWD']
/** A nested attach must find the same history. */
const OUR_OWN_TO_KEEP = 'ATTACH_STATE_DIR'
/** A command cannot do without them, and they hold no secret. */
const NEEDED = ['PATH', 'HOME', 'PWD', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR']

/**
 * What a hook or a health command gets: the caller's environment, less what is no business of it, and what this run is about. Names only: a
 * variable called like a changed key is dropped, since the app would take it for the config, and one that holds a secret of this change too.
 */
export function hookEnv(env: Environment, { deploy, config, folder, round, values }: HookEnvOptions): Readonly<Record<string, string>> {
  const { intent, release, stands } = round
  const secrets = new Redactor()
  for (const value of values) for (const secret of secretsIn(value.reveal())) secrets.learn(secret)
  const isKept = ([name, text]: readonly [string, string | undefined]): boolean => {
    if (text === undefined || (name === 'PATH' && text === '') || NOT_FOR_HOOKS.includes(name) || text.includes('\0')) return false
    if (name.startsWith('ATTACH_')) return name === OUR_OWN_TO_KEEP
    return NEEDED.includes(name) || (!keysOf(intent).includes(name) && secrets.redact(text) === text)
  }
  return {
    PATH: USUAL_PATH,
    ...Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => isKept(entry))),
    PWD: folder,
    ATTACH_DEPLOY: deploy,
    ATTACH_CONFIG: config,
    ATTACH_VERB: intent.verb,
    ATTACH_RELEASE: String(release),
    ATTACH_KEYS: keysOf(intent).join(' '),
    ATTACH_STANDS: stands,
  }
}

const keysOf = ({ shown }: Intent): readonly string[] => shown.map(({ key }) => key)
