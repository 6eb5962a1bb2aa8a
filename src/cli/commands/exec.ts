import { resolve } from 'node:path'
import { type Deploy, expectThere } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import type { Key } from '../../domain/change.ts'
import { AttachError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Environment } from '../../ports/host.ts'
import type { ConfigStore } from '../../ports/store.ts'
import { saidOf } from '../child.ts'
import type { ExecCommand } from '../command.ts'
import { isPlain } from '../line.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { sayUnfinished } from '../standing.ts'
import { headOrNote, openRow, whereReadable } from './status.ts'

/** Runs a command with the deploy's config in its environment. Its exit is ours. Writes nothing, locks nothing. */
export async function exec(command: ExecCommand, session: Session): Promise<Said> {
  const { host, signal, stop } = session
  const deploy = await placeOf(command, session)
  expectThere(deploy, host)
  const store: ConfigStore = openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  const env = await environmentOf(store, deploy, session).finally(() => store[Symbol.asyncDispose]())
  const { program, args } = command
  const cwd = resolve(host.cwd, command.directory ?? '.')
  const ended = await host.runInForeground({ program, args, env, cwd, begun: () => stop.end(), signal })
  if (ended.by === 'signal') host.endBy(ended.signal)
  return { deploy: deploy.name, outcome: 'unchanged', ...saidOf(ended, program) }
}

async function environmentOf(store: ConfigStore, { path }: Deploy, session: Session): Promise<Environment> {
  const snapshot = await store.read(session.signal)
  const env = withConfig(session.host.inherited, snapshot.entries)
  sayUnfinished(snapshot, store.label, session, 'the command gets')
  const open = await whereReadable(session, null, async () => openRow(store.journal, await headOrNote(store.journal, session), session))
  const isItsHook = session.host.env['ATTACH_STANDS'] !== undefined && session.host.env['ATTACH_CONFIG'] === path
  if (open !== null && !isItsHook) {
    const { verb, keys, by, since } = open
    const gets = snapshot.unfinished === undefined ? '; the command gets what stands now' : ''
    const message = `A ${verb} of ${keys.join(', ')} by ${by.user} on ${by.host} is open since ${since}${gets}.`
    session.reporter.event({ type: 'note', code: 'journal.open', message })
  }
  return env
}

/** The config over the environment of the caller. Throws CONFIG_INVALID on what no environment can carry as it is. */
export function withConfig(inherited: Environment, entries: ReadonlyMap<Key, Secret>): Environment {
  for (const [key, value] of entries) {
    const shown = isPlain(key) ? key : 'a key'
    if (key === '' || /[=\0]/.test(key)) throw notCarried(shown, 'its name is empty, or holds "=" or NUL')
    if (value.reveal().includes('\0')) throw notCarried(shown, 'it holds NUL')
    if (LONE.test(value.reveal())) throw notCarried(shown, 'it is not UTF-8 text')
  }
  const config = [...entries].map(([key, value]): [string, string] => [key, value.reveal()])
  return Object.fromEntries([...Object.entries(inherited), ...config])
}

/** How a byte that is no UTF-8 stands in a value; Node would hand on another one. */
const LONE = /\p{Cs}/u

const notCarried = (key: string, why: string): AttachError =>
  new AttachError('CONFIG_INVALID', `${key} cannot be a variable of a command: ${why}; nothing was run`, { hint: 'mend it in the config' })
