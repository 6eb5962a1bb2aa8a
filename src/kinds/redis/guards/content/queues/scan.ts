import type { Told } from '../../../../../domain/survey.ts'
import { NO_TIME } from '../../../../asking.ts'
import type { Questions } from '../../../questions.ts'
import { isError, isList, type Reply } from '../../../resp.ts'
import { isTelling } from './frameworks.ts'

/** What a look through the keys brought. */
export interface Looked {
  /** Names that may be those of queues. */
  readonly keys: readonly string[]
  readonly streams: readonly string[]
  /** What was not looked at, in words. Empty: all was. */
  readonly unseen: string
}

/** Keys in one step. A step holds up a server for less than a millisecond. */
const STEP = 500
const STEPS_MAX = 200
const SCAN_MS = 3_000
const FOUND_MAX = 2_000

/** Goes through the keys with two cursors, one of them for streams, as far as the bounds let it. */
export async function lookThrough(questions: Questions, count: Told<number>): Promise<Looked> {
  const until = questions.now + Math.min(SCAN_MS, questions.left / 2)
  const keys: string[] = []
  const streams: string[] = []
  const seen = (unseen: string): Looked => ({ keys, streams, unseen })
  let cursors: Cursors = { all: '0', streams: '0' }
  let note = ''
  for (let steps = 0; cursors.all !== null; steps += 1) {
    if (steps === STEPS_MAX || questions.now >= until) return seen(`of ${told(count)} keys only some ${steps * STEP} were looked at`)
    if (keys.length + streams.length > FOUND_MAX) return seen('there are too many queues to look at all')
    const replies = await questions.replies(stepsOf(cursors))
    if (replies === null) return seen(NO_TIME.unknown)
    const [all, ofStreams] = replies
    const [page, streamPage] = [pageOf(all), pageOf(ofStreams)]
    if (page === null) return seen('the server lets nobody look through its keys')
    if (cursors.streams !== null && streamPage === null) note = 'the server does not tell which keys are streams'
    keys.push(...page.names.filter(isTelling))
    streams.push(...(streamPage?.names ?? []))
    cursors = { all: nextOf(page), streams: streamPage === null ? null : nextOf(streamPage) }
  }
  return seen(note)
}

/** Null: it came to its end, or may not be asked for. */
interface Cursors {
  readonly all: string | null
  readonly streams: string | null
}

const nextOf = ({ next }: { readonly next: string }): string | null => (next === '0' ? null : next)

const stepsOf = ({ all, streams }: Cursors) => [
  ['SCAN', all ?? '0', 'COUNT', `${STEP}`],
  ...(streams === null ? [] : [['SCAN', streams, 'COUNT', `${STEP}`, 'TYPE', 'stream']]),
]

/** Null: it was refused. */
function pageOf(reply: Reply | undefined): { readonly next: string; readonly names: readonly string[] } | null {
  if (reply === undefined || isError(reply) || !isList(reply)) return null
  const [next, names] = reply
  if (typeof next !== 'string' || !/^\d{1,20}$/.test(next) || !isList(names)) return null
  return { next, names: names.flatMap((name) => (typeof name === 'string' ? [name] : [])) }
}

const told = (count: Told<number>): string => ('is' in count ? `${count.is}` : 'many')
