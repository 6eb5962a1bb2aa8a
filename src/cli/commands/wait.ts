import { resolve } from 'node:path'
import { AttachError } from '../../domain/errors.ts'
import { waitFor } from '../../engine/wait.ts'
import { saidOf } from '../child.ts'
import type { WaitCommand } from '../command.ts'
import { DEFAULTS } from '../defaults.ts'
import type { Said, Session } from '../session.ts'
import { targetsFor } from '../targets.ts'

/** Probes until each resource is what is expected, then runs a command where one was given: its exit is ours. Writes nothing. */
export async function wait(command: WaitCommand, session: Session): Promise<Said> {
  const { host, reporter, signal } = session
  const { deploy, kinds, ready, unread } = await targetsFor(command, session)
  const [first] = unread
  if (first !== undefined) throw first
  const awaited = ready.filter(({ resource }) => resource.depth !== null)
  if (awaited.length === 0)
    throw new AttachError('REFUSED', 'there is nothing to wait for: nothing that could be asked is attached', { hint: 'attach status' })
  await waitFor(
    awaited,
    {
      expect: command.expect ?? 'readable',
      isAsked: command.expect !== null,
      until: command.invert ? 'gone' : 'there',
      intervalMs: command.intervalMs ?? DEFAULTS.waitIntervalMs,
      backoff: command.backoff ?? 'exponential',
      concurrency: command.concurrency ?? DEFAULTS.waitConcurrency,
      timeoutMs: command.timeoutMs ?? DEFAULTS.waitMs,
    },
    { kinds, reporter, signal, clock: host.clock, now: host.now, random: () => Number.parseInt(host.random(2), 16) / 0xffff },
  )
  const said = { deploy: deploy?.name ?? null, outcome: 'unchanged' } as const
  const names = awaited.map(({ key }) => key).join(', ')
  if (command.program === null) return { ...said, exit: 0, message: `${names}: ${command.invert ? 'gone' : 'ready'}` }
  const ended = await host.runInForeground({
    program: command.program,
    args: command.args,
    env: host.inherited,
    cwd: resolve(host.cwd, command.directory ?? '.'),
    begun: () => session.stop.end(),
    signal,
  })
  if (ended.by === 'signal') host.endBy(ended.signal)
  return { ...said, ...saidOf(ended, command.program) }
}
