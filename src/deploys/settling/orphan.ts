import type { FoundProcess, Host, ProcessIdentity } from '../../ports/host.ts'
import type { Reporter } from '../../ports/reporter.ts'
import { readHookRecord, removeHookRecord } from '../../stores/hook-record.ts'

export interface OrphanOptions {
  /** Where the record stands. */
  readonly record: string
  readonly host: Host
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** For one that is not ours to end. */
  readonly waitMs: number
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

/**
 * Only an attach that was killed leaves the command that it ran behind; whoever runs the next one holds the lock, so that one is dead. Ends what
 * it left, since two at once are worse than one cut short. Null when the way is free, else why the next command must not begin.
 *
 * A record proves itself: same run of the system, same namespace, same number and same beginning, and the leader of its group. A command whose
 * own process is gone is over: what is left of its group may be the app. Of one elsewhere nothing can be seen, and waiting would show nothing:
 * it is named, and not waited for.
 */
export async function clearOrphan(options: OrphanOptions): Promise<string | null> {
  const { record, host, reporter } = options
  const found = readHookRecord(record)
  if (found === null) return drop(record)
  const here = await host.findProcess(host.actor.pid)
  if (found.type === 'unreadable' || here === null) return elsewhere('', options)
  const { run, by } = found
  if (run.boot !== here.identity.boot || run.namespace !== here.identity.namespace || run.boot === null || run.start === null) {
    const isOver = run.host === host.actor.host && run.boot !== null && run.boot !== here.identity.boot
    return isOver ? drop(record) : elsewhere(` on ${run.host}`, options)
  }
  const orphan = await host.findProcess(run.pid)
  if (!isLeader(orphan, run) || run.pid === host.actor.pid || here.group === run.pid) return drop(record)
  if (by !== host.uid && by !== 0 && by !== orphan.uid) return drop(record) // One user's word about another's process.
  reporter.event({ type: 'waiting', reason: `a hook of an attach that was killed still runs (process ${run.pid}): it is ended first` })
  switch (await host.endGroup(run.pid, options.graceMs)) {
    case 'ended':
      return drop(record)
    case 'alive':
      return `a hook of an attach that was killed (process ${run.pid}) could not be ended`
    case 'barred':
      return await wait(run, orphan.uid, options)
  }
}

const isLeader = (found: FoundProcess | null, { pid, start }: ProcessIdentity): found is FoundProcess =>
  found !== null && found.identity.start === start && found.group === pid

function drop(record: string): null {
  removeHookRecord(record)
  return null
}

function elsewhere(where: string, { record, reporter }: OrphanOptions): null {
  const message = `An attach that was killed${where} left a hook, and whether it still runs cannot be seen from here.`
  reporter.event({ type: 'note', code: 'hook.orphan_unknown', message })
  return drop(record)
}

const POLL_MS = 100

async function wait(run: ProcessIdentity, uid: number, { record, host, reporter, signal, waitMs }: OrphanOptions): Promise<string | null> {
  const whose = `a hook of an attach that was killed still runs as user ${uid} (process ${run.pid})`
  reporter.event({ type: 'waiting', reason: `${whose}, who alone may end it: it is waited for` })
  for (const until = host.clock() + waitMs; isLeader(await host.findProcess(run.pid), run); ) {
    if (signal.aborted) return 'interrupted'
    if (host.clock() >= until) return `${whose}, and did not end in ${waitMs / 1_000} s`
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return drop(record)
}
