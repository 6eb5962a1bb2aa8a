import process from 'node:process'
import { assert } from '../domain/errors.ts'
import type { GroupEnd } from '../ports/host.ts'
import { findProcess, hasLivingMember } from './process-identity.ts'

/** How long the kernel may take to end what was killed. */
const KILLED_MS = 2_000
const POLL_MS = 20

/** Ends every process of a group: SIGTERM, and SIGKILL for what is left after `graceMs`. */
export async function endGroup(leader: number, graceMs: number): Promise<GroupEnd> {
  const asked = signalGroup(leader, 'SIGTERM')
  if (asked !== 'sent') return asked === 'gone' ? 'ended' : 'barred'
  if (await isOver(leader, graceMs)) return 'ended'
  signalGroup(leader, 'SIGKILL')
  return (await isOver(leader, KILLED_MS)) ? 'ended' : 'alive'
}

/** kill(2) on a group. Never on everything, on init or on our own. */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL' | 0): 'sent' | 'gone' | 'barred' {
  assert(Number.isSafeInteger(leader) && leader > 1 && leader !== process.pid, 'a group of others is signalled')
  try {
    process.kill(-leader, signal)
    return 'sent'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'barred' : 'gone'
  }
}

async function isOver(leader: number, ms: number): Promise<boolean> {
  for (const until = performance.now() + ms; isAlive(leader); ) {
    if (performance.now() >= until) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return true
}

/** A group whose members are all dead keeps its number until somebody waits for them: in a container without an init nobody does. */
function isAlive(leader: number): boolean {
  if (signalGroup(leader, 0) === 'gone') return false
  return findProcess(leader) !== null || (hasLivingMember(leader) ?? true)
}
