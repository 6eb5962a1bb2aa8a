import type { Deploy } from '../deploys/locate.ts'
import { hidersOf } from '../deploys/readers.ts'
import type { Settler } from '../deploys/settling/settler.ts'
import type { Key } from '../domain/change.ts'
import type { Warning } from '../domain/document.ts'
import { nearest } from '../domain/nearest.ts'
import { secretsIn } from '../domain/redact.ts'
import type { Proposal } from '../engine/operate.ts'
import type { Host } from '../ports/host.ts'
import type { Snapshot } from '../ports/store.ts'
import type { FileStore } from '../stores/file.ts'
import type { ChangeCommand } from './commands/change.ts'

/** What is worth knowing once a change stands: what hides it, where its history is, what is still to be done. */
export function remarksAfter(
  command: ChangeCommand,
  { plan }: Proposal,
  deploy: Deploy,
  store: FileStore,
  settler: Settler,
  host: Host,
): readonly Warning[] {
  const remarks: Warning[] = []
  const note = (code: string, message: string): void => {
    remarks.push({ code, message })
  }
  for (const { key, after } of plan.changes) {
    for (const name of hidersOf(deploy.path, key)) note('config.shadowed', `${name} also sets ${key} and wins for Next, Vite and Rails.`)
    const exported = host.inherited[key]
    if (exported !== undefined && exported !== after?.reveal()) {
      note('config.shadowed', `${key} is also set in this shell's environment, and most readers let that win.`)
    }
  }
  if (!deploy.exists) note('config.created', `${deploy.label} was created, readable by you alone (0600).`)
  if (store.journal.begun) note('journal.begun', `History with old values is kept in ${historyPlace(host)}; keep it out of images.`)
  if (hasArgvSecret(command)) note('argv.secret', `A password in the command line stays in the shell history; ${elsewhere(command)}.`)
  if (settler.hook === null) {
    if (command.hook) note('app.restart', 'Restart the app to use it.')
    else note('app.not_restarted', 'The app was not restarted (--no-hook): it runs on what it read before.')
  }
  return remarks
}

const historyPlace = ({ env }: Host): string =>
  env['ATTACH_STATE_DIR']
    ? 'ATTACH_STATE_DIR, which must be set for every later command'
    : '.attach/ (for who may write the config, git-ignored)'

/** Keys that are to be detached and are not there, each with the nearest one that is. */
export function absentKeys(keys: readonly Key[], { entries }: Snapshot): readonly Warning[] {
  const absent = keys.filter((key) => !entries.has(key))
  return absent.map((key) => {
    const near = nearest(key, entries.keys())
    const message = `${key} is not attached${near === null ? '' : `; did you mean ${near}?`}`
    return { code: 'config.absent', message }
  })
}

const elsewhere = ({ verb }: ChangeCommand): string =>
  verb === 'failover'
    ? '--to - reads handles from stdin, --to KEY takes one from the config'
    : 'KEY=- reads it from stdin, KEY alone asks for it'

/** A password that others could have seen: in `ps`, in the history of the shell. */
function hasArgvSecret(command: ChangeCommand): boolean {
  if (command.verb === 'attach') return command.pairs.some(({ source }) => isArgvSecret(source))
  if (command.verb === 'failover') return command.candidates.some(isArgvSecret)
  if (command.verb !== 'swap') return false
  const { to } = command
  if (to.by === 'parts') return to.parts.password?.from === 'argv'
  return to.pairs.some(({ source }) => isArgvSecret(source))
}

const isArgvSecret = (source: { readonly from: string; readonly value?: { reveal(): string } }): boolean =>
  source.from === 'argv' && secretsIn(source.value?.reveal() ?? '').some((secret) => secret !== '')
