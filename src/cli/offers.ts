import type { OpenKinds } from '../deploys/kinds.ts'
import type { Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import { Secret } from '../domain/secret.ts'
import type { Offer } from '../engine/failover.ts'
import type { ConfigStore } from '../ports/store.ts'
import type { CandidateSource, FailoverCommand } from './command.ts'
import { usage } from './line.ts'
import type { Session } from './session.ts'
import { VALUE_BYTES_MAX, valueIn } from './source-values.ts'

/** The candidates of a failover, each fetched from where it stands. What is wrong with one is told by its place. Throws USAGE, INTERRUPTED. */
export async function offersOf(
  { candidates }: FailoverCommand,
  store: ConfigStore,
  kinds: OpenKinds,
  session: Session,
): Promise<readonly Offer[]> {
  const offers: Offer[] = []
  for (const source of candidates) offers.push(...(await offered(source, offers.length + 1, store, session)))
  for (const { to } of offers) kinds.learn(to)
  return offers
}

/** `place`: of the first that comes from there. */
async function offered(source: CandidateSource, place: number, store: ConfigStore, session: Session): Promise<readonly Offer[]> {
  switch (source.from) {
    case 'argv':
      return [{ to: source.value }]
    case 'key':
      return [await heldUnder(source.key, place, store, session)]
    case 'stdin':
      return session.interactive ? [await asked(place, session)] : await linesOf(place, session)
  }
}

async function heldUnder(key: Key, place: number, store: ConfigStore, { signal }: Session): Promise<Offer> {
  const { entries } = await store.read(signal)
  const value = entries.get(key)
  if (value !== undefined && value.reveal() !== '') return { to: value, madeFrom: { key, value } }
  const near = value === undefined ? nearest(key, entries.keys()) : null
  const meant = near === null ? '' : `; did you mean ${near}?`
  throw usage(`candidate ${place} names a key that holds nothing in ${store.label}${meant}; nothing was contacted`, 'attach status')
}

/** One a line. An empty one was to be a handle: `$UNSET` must not make one candidate fewer. */
async function linesOf(place: number, { host, signal }: Session): Promise<readonly Offer[]> {
  const text = valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: false, what: 'standard input' }).reveal()
  const lines = text.split(/\r?\n/)
  const empty = lines.findIndex((line) => line.trim() === '')
  if (empty >= 0) throw usage(`candidate ${place + empty} is an empty line on stdin; nothing was contacted`, 'one handle a line')
  return lines.map((line) => ({ to: new Secret(line) }))
}

/** A secret is never typed in the open. */
async function asked(place: number, { host, signal }: Session): Promise<Offer> {
  const answer = await host.stdin.askHidden(`Handle of candidate ${place} (not shown): `, signal)
  if (answer !== null) return { to: answer }
  throw new AttachError('REFUSED', `candidate ${place} was not given; nothing was changed`, { hint: 'attach help failover' })
}
