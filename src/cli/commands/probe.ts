import { type OpenKinds, openKinds } from '../../deploys/kinds.ts'
import { type Deploy, expectThere } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import { isEmpty } from '../../domain/change.ts'
import { AttachError } from '../../domain/errors.ts'
import { nearest } from '../../domain/nearest.ts'
import type { Secret } from '../../domain/secret.ts'
import { probe, whereOf } from '../../engine/ask.ts'
import { type Expectation, failureOf, ProbeFailed, untold } from '../../engine/expect.ts'
import { read } from '../../engine/recognise.ts'
import type { Resource } from '../../ports/kind.ts'
import type { ConfigStore } from '../../ports/store.ts'
import { factsText } from '../../reporters/human.ts'
import type { ProbeCommand, Target } from '../command.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { VALUE_BYTES_MAX, valueIn } from '../source-values.ts'
import { sayUnfinished } from '../standing.ts'

interface Named {
  readonly key: string
  readonly value: Secret
}

/** Probes what is attached, or handles that are not yet. All of them are asked at once; the first failure decides the exit. */
export async function probeAll(command: ProbeCommand, session: Session): Promise<Said> {
  const { host, reporter, signal } = session
  const kinds = openKinds(session.redactor)
  const { deploy, named } = await targetsOf(command, kinds, session)
  const declared = deploy?.declared?.resources
  const resources: (Named & { readonly resource: Resource })[] = []
  for (const { key, value } of named)
    resources.push({
      key,
      value,
      resource: await read(
        key,
        value,
        {
          asked: command.kind ?? declared?.get(key)?.kind ?? null,
          was: command.targets.length > 0 && key.startsWith('handle ') ? null : value,
        },
        kinds,
      ),
    })
  const asks = resources
    .filter(({ resource }) => resource.depth !== null)
    .map(({ key, resource }) => probe(key, 'attached', resource, { kinds, reporter, signal, clock: host.clock, now: host.now }))
  const probed = await Promise.all(asks)
  if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
  const expected: Expectation = command.expect ?? 'readable'
  for (const { key, resource, report } of probed) {
    for (const finding of [...resource.remarks, ...report.findings]) reporter.event({ type: 'found', key, finding })
  }
  const failures = probed.flatMap((one) => failureOf(one, expected) ?? (command.expect === null ? null : untold(one, expected)) ?? [])
  if (failures.length > 0) throw ProbeFailed.of(failures)
  const lines = probed.map(({ key, resource, report }) => `${key}  ${whereOf(resource)}  ok  ${factsText(report)}`)
  const silent = resources
    .filter(({ resource }) => resource.depth === null)
    .map(({ key, resource }) => `${key}  ${resource.kind}, not probed`)
  const message = [...lines, ...silent].join('\n')
  return { deploy: deploy?.name ?? null, exit: 0, outcome: 'unchanged', message: message === '' ? 'nothing to probe' : message }
}

async function targetsOf(
  command: ProbeCommand,
  kinds: OpenKinds,
  session: Session,
): Promise<{ readonly deploy: Deploy | null; readonly named: readonly Named[] }> {
  const { host, signal } = session
  const needsDeploy = command.targets.length === 0 || command.targets.some(({ by }) => by === 'key')
  const named: Named[] = []
  const deploy = needsDeploy ? await placeOf(command, session) : null
  if (deploy !== null) {
    expectThere(deploy, host)
  }
  const store: ConfigStore | null = deploy === null ? null : openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  const snapshot = store === null ? null : await store.read(signal)
  if (snapshot !== null && deploy !== null) sayUnfinished(snapshot, deploy.label, session)
  const entries = snapshot?.entries ?? new Map<string, Secret>()
  await store?.[Symbol.asyncDispose]()
  if (command.targets.length === 0) {
    const isDeclared = (key: string): boolean => deploy?.declared?.resources.has(key) === true
    for (const [key, value] of entries) if (kinds.isHandle(value) || (isDeclared(key) && !isEmpty(value))) named.push({ key, value })
  }
  for (const [at, target] of command.targets.entries()) named.push(await namedOf(target, at + 1, entries, session))
  return { deploy, named }
}

async function namedOf(target: Target, place: number, entries: ReadonlyMap<string, Secret>, { host, signal }: Session): Promise<Named> {
  if (target.by === 'key') {
    const value = entries.get(target.key)
    if (value !== undefined && value.reveal() !== '') return { key: target.key, value }
    const near = nearest(target.key, entries.keys())
    throw new AttachError('REFUSED', `${target.key} is not attached`, { hint: near === null ? 'attach status' : `attach probe ${near}` })
  }
  const key = `handle ${place}`
  if (target.source.from === 'argv') return { key, value: target.source.value }
  return { key, value: valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: false, what: 'standard input' }) }
}
