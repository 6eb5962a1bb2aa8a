import { AttachError } from '../../domain/errors.ts'
import { probe, whereOf, writeProbe } from '../../engine/ask.ts'
import { type Expectation, failureOf, ProbeFailed, troubleOf, untold } from '../../engine/expect.ts'
import { factsText } from '../../reporters/human.ts'
import type { ProbeCommand } from '../command.ts'
import type { Said, Session } from '../session.ts'
import { type Ready, targetsFor } from '../targets.ts'

/** Probes what is attached, or handles that are not yet. All of them are asked at once, none hides another; the first failure decides the exit. */
export async function probeAll(command: ProbeCommand, session: Session): Promise<Said> {
  const { host, reporter, signal } = session
  const { deploy, kinds, ready, unread } = await targetsFor(command, session)
  const setting = { kinds, reporter, signal, clock: host.clock, now: host.now }
  if (command.write) expectWritesKnown(ready)
  const asks = ready
    .filter(({ resource }) => resource.depth !== null)
    .map(({ key, resource }) => (command.write ? writeProbe(key, resource, setting) : probe(key, 'attached', resource, setting)))
  const [first] = unread
  if (asks.length === 0 && first !== undefined) throw first
  const probed = await Promise.all(asks)
  if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
  const expected: Expectation = command.expect ?? 'readable'
  for (const { key, resource, report } of probed) {
    for (const finding of [...resource.remarks, ...report.findings]) reporter.event({ type: 'found', key, finding })
  }
  const failures = probed.flatMap(
    (one) => failureOf(one, expected) ?? troubleOf(one) ?? (command.expect === null ? null : untold(one, expected)) ?? [],
  )
  if (failures.length + unread.length > 0) throw ProbeFailed.of([...failures, ...unread.map(asFailure)])
  const lines = probed.map(({ key, resource, report }) => `${key}  ${whereOf(resource)}  ok  ${factsText(report)}`)
  const silent = ready.filter(({ resource }) => resource.depth === null).map(({ key, resource }) => `${key}  ${resource.kind}, not probed`)
  const message = [...lines, ...silent].join('\n')
  return { deploy: deploy?.name ?? null, exit: 0, outcome: 'unchanged', message: message === '' ? 'nothing to probe' : message }
}

/** Nothing is written where nobody said how it is taken away again. Throws USAGE. */
function expectWritesKnown(ready: readonly Ready[]): void {
  const without = ready.filter(({ resource }) => resource.depth !== null && resource.writeProbe === undefined)
  if (without.length === 0) return
  const names = without.map(({ key, resource }) => `${key} (${resource.kind})`).join(', ')
  throw new AttachError(
    'USAGE',
    `--write-probe: of ${names} attach knows nothing that it could write and take away again; nothing was contacted`,
    {
      hint: 'attach probe without --write-probe, or name the keys of object stores alone',
    },
  )
}

/** Others were contacted. */
const asFailure = ({ message, hint }: AttachError): ProbeFailed =>
  new ProbeFailed(message.replace(/; nothing was contacted$/, ''), hint ?? 'attach status', [null])
