import { baselineFile, baselinesIn, expectWritable, writeBaseline } from '../../deploys/baseline.ts'
import { elsewhereOf } from '../../deploys/inventory.ts'
import { type OpenKinds, openKinds } from '../../deploys/kinds.ts'
import { type Deploy, expectThere } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import type { Change, Key } from '../../domain/change.ts'
import type { Document } from '../../domain/document.ts'
import { AttachError } from '../../domain/errors.ts'
import { nearest } from '../../domain/nearest.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Survey } from '../../domain/survey.ts'
import { ProbeFailed } from '../../engine/expect.ts'
import { changesTo, type Fitness, fitnessOf, type Measure, surveyAlone } from '../../engine/fitness.ts'
import { Unfit } from '../../engine/judge.ts'
import type { PreflightSetting } from '../../engine/preflight.ts'
import { read } from '../../engine/recognise.ts'
import type { ConfigStore, Snapshot } from '../../ports/store.ts'
import type { CompareCommand, SwapTo, Target, ToCompare } from '../command.ts'
import { tellJudged } from '../consent.ts'
import { swapEdits } from '../request.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { VALUE_BYTES_MAX, valueIn } from '../source-values.ts'
import { sayUnfinished } from '../standing.ts'

/** Asks two resources about themselves and says whether the one is fit to take the place of the other. Reads only, and keeps a baseline where asked. */
export async function compare(command: CompareCommand, session: Session): Promise<Said> {
  const { host } = session
  const deploy = needsDeploy(command.what) ? await placeOf(command, session) : null
  const kinds = openKinds(session.redactor, deploy?.declared?.resources)
  if (deploy !== null) expectThere(deploy, host)
  if (command.save !== null) expectWritable(baselineFile(command.save, host, command.directory))
  const baselines = await baselinesIn(command.baseline, host, command.directory)
  const store: ConfigStore | null = deploy === null ? null : openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  try {
    const snapshot = (await store?.read(session.signal)) ?? null
    if (snapshot !== null && deploy !== null) sayUnfinished(snapshot, deploy.label, session)
    const world: World = { command, deploy, store, entries: snapshot?.entries ?? new Map(), kinds, session }
    const measure: Measure = {
      kind: command.kind,
      expect: command.expect,
      declared: deploy?.declared?.resources ?? new Map(),
      baselines,
      allowed: command.allow,
      strictness: command.strict ? 'strict' : 'usual',
    }
    const { what } = command
    if (what.by === 'alone') return await kept(what.key, measure, world)
    const changes = what.by === 'two' ? await changeOfTwo(what, world) : await changesOf(what, world)
    if (changes.length > 0) return await judged(changes, measure, world)
    return command.save !== null && what.by === 'swap' ? await kept(keyOf(what.to), measure, world) : unmoved(world)
  } finally {
    await store?.[Symbol.asyncDispose]()
  }
}

interface World {
  readonly command: CompareCommand
  readonly deploy: Deploy | null
  /** Null: no deploy is needed. */
  readonly store: ConfigStore | null
  readonly entries: Snapshot['entries']
  readonly kinds: OpenKinds
  readonly session: Session
}

const needsDeploy = (what: ToCompare): boolean => what.by !== 'two' || [what.old, what.next].some(({ by }) => by === 'key')

async function judged(changes: readonly Change[], measure: Measure, world: World): Promise<Said> {
  const { deploy, session } = world
  const keys = changes.map(({ key }) => key)
  const said = { deploy: deploy?.name ?? null, outcome: 'unchanged' as const }
  try {
    const fitness = await fitnessOf(changes, world.entries, measure, settingOf(world))
    for (const key of keys) tellJudged(key, fitness.preflight.findings, session.reporter)
    const saved = keys.flatMap((key) => savedText(key, fitness.preflight.told, world) ?? [])
    const message = [...keys.map((key) => verdictText(key, fitness)), ...saved].join('\n')
    const isUnsaved = world.command.save !== null && saved.length === 0
    const error = fitness.blocking.length > 0 ? new Unfit(fitness.blocking) : isUnsaved ? untold() : null
    return error === null ? { ...said, exit: 0, message } : { ...said, exit: 3, message, error: rowOf(error) }
  } catch (error) {
    if (!(error instanceof ProbeFailed)) throw error
    const unsaved = world.command.save === null ? '' : '; no baseline was saved'
    return { ...said, exit: 3, message: `${keys.join(', ')}: refused by the probe${unsaved}`, error: rowOf(error) }
  }
}

const rowOf = ({ code, message, hint }: AttachError): Document['error'] => ({ code, message, hint: hint ?? null })

const untold = (): AttachError =>
  new AttachError('REFUSED', 'no baseline was saved: the old resource told nothing', {
    hint: 'attach compare KEY --save FILE, once it answers',
  })

/** `DATABASE_URL: fit (31 checks not known)`, `DATABASE_URL: refused by pg.recovery`. */
function verdictText(key: Key, { blocking, letPass, preflight }: Fitness): string {
  const findings = preflight.findings.filter((finding) => finding.key === key)
  const ids = [...new Set(blocking.filter((finding) => finding.key === key).map(({ id }) => id))]
  const passed = letPass.filter((id) => findings.some((finding) => finding.id === id))
  const unknown = findings.filter(({ status }) => status === 'unknown').length
  const notes = [
    ...(passed.length === 0 ? [] : [`${passed.join(', ')} let pass`]),
    ...(unknown === 0 ? [] : [`${unknown} ${unknown === 1 ? 'check' : 'checks'} not known`]),
  ]
  return `${key}: ${ids.length === 0 ? 'fit' : `refused by ${ids.join(', ')}`}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`
}

const unmoved = ({ deploy }: World): Said => ({
  deploy: deploy?.name ?? null,
  exit: 0,
  outcome: 'unchanged',
  message: `nothing to compare: every key holds this already (${deploy?.label})`,
})

async function changesOf(
  { to }: Extract<ToCompare, { by: 'swap' }>,
  { command, store, entries, kinds, session }: World,
): Promise<readonly Change[]> {
  if (store === null) throw new AttachError('BUG', 'BUG: a key is compared without a deploy')
  const edits = await swapEdits(to, { ...command, keepOld: [] }, store, kinds, session)
  return changesTo(edits, { entries })
}

/** Of a baseline: there is one key. */
function keyOf(to: SwapTo): Key {
  const key = to.by === 'parts' ? to.key : to.pairs[0]?.key
  if (key === undefined) throw new AttachError('BUG', 'BUG: a baseline is kept of no key')
  return key
}

/** The key of either, or the place of the handle that would be attached. Both are read now: what is wrong with one is said. */
async function changeOfTwo({ old, next }: Extract<ToCompare, { by: 'two' }>, world: World): Promise<readonly Change[]> {
  const [first, second] = [nameOf(old, 1), nameOf(next, 2)]
  const key = (old.by === 'handle' ? second : first) as Key // Of two handles: no key is involved, and this is how it is called.
  const [before, after] = [await handleOf(old, first, world), await handleOf(next, second, world)]
  await read(first, before, { asked: null, was: null }, world.kinds)
  await read(second, after, { asked: world.command.kind, was: before }, world.kinds)
  return [{ key, before, after }]
}

const nameOf = (target: Target, place: number): string => (target.by === 'key' ? target.key : `handle ${place}`)

async function handleOf(target: Target, name: string, { entries, kinds, session }: World): Promise<Secret> {
  const { host, interactive, signal } = session
  const value = target.by === 'key' ? held(target.key, entries) : target.source.from === 'argv' ? target.source.value : await fromStdin()
  kinds.learn(value)
  return value

  async function fromStdin(): Promise<Secret> {
    if (!interactive) return valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: false, what: 'standard input' })
    const answer = await host.stdin.askHidden(`The ${name} (not shown): `, signal)
    if (answer !== null) return answer
    throw new AttachError('REFUSED', 'no handle was given; nothing was contacted', { hint: 'attach compare KEY - < FILE' })
  }
}

function held(key: Key, entries: Snapshot['entries']): Secret {
  const value = entries.get(key)
  if (value !== undefined && value.reveal() !== '') return value
  const near = nearest(key, entries.keys())
  throw new AttachError('REFUSED', `${key} holds nothing; nothing was contacted`, {
    hint: near === null ? 'attach status' : `attach compare ${near}`,
  })
}

/** A key alone: what stands there tells of itself, and is compared with nothing. */
async function kept(key: Key, measure: Measure, world: World): Promise<Said> {
  const { deploy, entries, kinds, session } = world
  const value = held(key, entries)
  const asked = measure.kind ?? measure.declared.get(key)?.kind ?? null
  const resource = await read(key, value, { asked, was: value }, kinds)
  const { survey, findings } = await surveyAlone(key, resource, measure.declared, settingOf(world))
  tellJudged(key, findings, session.reporter)
  const message = savedText(key, new Map([[key, survey]]), world) ?? ''
  return { deploy: deploy?.name ?? null, exit: 0, outcome: 'unchanged', message }
}

/** Keeps what the old resource told, where that is asked for. Null: nothing was kept. */
function savedText(key: Key, told: ReadonlyMap<Key, Survey>, { command, entries, kinds, session: { host } }: World): string | null {
  const [survey, value] = [told.get(key), entries.get(key)]
  if (command.save === null || survey === undefined || value === undefined) return null
  const file = baselineFile(command.save, host, command.directory)
  const target = kinds.describe(value)
  writeBaseline(file, { key, target, survey }, host)
  return `${key}: baseline of ${target} saved to ${file.label}`
}

function settingOf({ deploy, kinds, session: { host, reporter, signal } }: World): PreflightSetting {
  const elsewhere = deploy === null ? undefined : elsewhereOf(deploy, host)
  return {
    kinds,
    reporter,
    signal,
    clock: host.clock,
    now: host.now,
    within: kinds.within,
    deploy: deploy?.name ?? '',
    ...(elsewhere === undefined ? {} : { elsewhere }),
  }
}
