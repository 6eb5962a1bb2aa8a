import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Deploy } from '../deploys/locate.ts'
import type { Proposal } from '../engine/operate.ts'
import { readEnv } from '../formats/dotenv.ts'
import type { FileStore } from '../stores/file.ts'
import type { Session } from './session.ts'

/** What is worth knowing once a change stands: what hides it, where its history is, what is still to be done. */
export function remarkAfter({ plan }: Proposal, deploy: Deploy, store: FileStore, { host, reporter }: Session): void {
  const note = (code: string, message: string): void => reporter.event({ type: 'note', code, message })
  for (const { key, after } of plan.changes) {
    for (const name of hidersOf(deploy.path, key)) note('config.shadowed', `${name} also sets ${key} and wins for Next, Vite and Rails.`)
    const exported = host.env[key]
    if (exported !== undefined && exported !== after?.reveal()) {
      note('config.shadowed', `${key} is also set in this shell's environment, and most readers let that win.`)
    }
  }
  if (!deploy.exists) note('config.created', `${deploy.label} was created, readable by you alone (0600).`)
  if (store.journal.begun) note('journal.begun', `History with old values is kept in .attach/ (0700, git-ignored); keep it out of images.`)
  note('app.restart', 'Restart the app to use it.')
}

/** Files beside a config that some readers prefer to it. */
function hidersOf(path: string, key: string): readonly string[] {
  const name = basename(path)
  if (!/^\.env(\.(?!local$)[A-Za-z0-9_-]+)?$/.test(name)) return []
  return [`${name}.local`].filter((other) => sets(join(dirname(path), other), key))
}

function sets(path: string, key: string): boolean {
  if (!existsSync(path)) return false
  try {
    return [...readEnv(readFileSync(path)).entries.keys()].some((other) => other === key)
  } catch {
    return false // Unreadable to us; what it says is its own readers' business.
  }
}
