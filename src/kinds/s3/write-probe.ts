import { createHash, randomUUID } from 'node:crypto'
import { isAttachError } from '../../domain/errors.ts'
import { type Finding, found } from '../../domain/finding.ts'
import { NetError } from '../../net/bounded.ts'
import type { HttpAnswer } from '../../net/http.ts'
import type { Exchange } from '../../net/lines.ts'
import { serverSays } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { openProbe } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { reopened } from '../web.ts'
import { ASK_FOR_TLS, Conversation, placeOf, SERVICE } from './conversation.ts'
import { documentOf, refusalOf } from './failure.ts'
import type { S3 } from './handle.ts'
import { converse, type Live } from './probe.ts'
import { REMARKED } from './remarks.ts'
import { childOf, textOf } from './xml.ts'

/** How long the removal may take, beside the probe. */
export const REMOVE_MS = 3_000

/** How much later than its removal an object may come that was sent and not answered. */
const LATE_MS = 500

const BODY = 'attach looks whether it may write here; this object may be deleted\n'

/** The object of one probe. */
interface Attempt {
  readonly key: string
  /** It may stand there. */
  isSent: boolean
  /** The server said what became of it. */
  isAnswered: boolean
  /** Of a bucket that keeps every version. */
  version: string | null
}

/**
 * A probe to depth `use` that then writes: PUT of one small object `.attach-probe/UUID` under the prefix, GET, DELETE. The DELETE is tried whatever
 * came before, also after an abort, within REMOVE_MS of its own; an object that stays is told as `s3.probe_left`. Where the bucket would keep
 * it by law (object lock), nothing is written.
 */
export async function writeProbe(s3: S3, context: ProbeContext): Promise<ProbeReport> {
  const attempt: Attempt = { key: keyUnder(s3.prefix), isSent: false, isAnswered: false, version: null }
  const { host, port } = placeOf(s3)
  const door = { address: { host, port }, service: SERVICE, askForTls: ASK_FOR_TLS, protocol: 'HTTP' }
  const { report, live } = await openProbe({ ...context, depth: 'use' }, door, async (run, plain) => {
    const live = await converse(run, plain, s3, context)
    if (live !== null) await write(run, live, attempt)
    return live
  })
  const started = context.now()
  try {
    const left = attempt.isSent ? await removed(s3, live, attempt, context) : null
    return left === null ? report : { ...report, findings: [...report.findings, left], totalMs: report.totalMs + context.now() - started }
  } finally {
    live?.socket.destroy()
  }
}

const keyUnder = (prefix: string): string => `${prefix}${prefix === '' || prefix.endsWith('/') ? '' : '/'}.attach-probe/${randomUUID()}`

async function write(run: Run, live: Live, attempt: Attempt): Promise<void> {
  const { conversation } = live
  const { key } = attempt
  const exchange = (): Exchange => ({ ms: run.exchangeMs, signal: run.signal, now: run.now })
  await expectUnlocked(live, exchange())
  const md5 = createHash('md5').update(BODY).digest('base64') // Asked for by buckets that lock; harmless elsewhere.
  attempt.isSent = true
  const put = await conversation.ask(
    { method: 'PUT', key, body: BODY, headers: { 'content-md5': md5, 'content-type': 'text/plain' } },
    exchange(),
  )
  attempt.isAnswered = true
  if (put.status !== 200) {
    attempt.isSent = put.status >= 500
    run.learn({ writable: put.status === 403 ? false : 'unknown' })
    throw refused(put, live, { what: 'write', right: 's3:PutObject' })
  }
  const version = put.headers['x-amz-version-id'] ?? 'null'
  attempt.version = version === 'null' ? null : version
  run.learn({ writable: true })
  const got = await conversation.ask({ method: 'GET', key }, exchange())
  if (got.status !== 200) throw refused(got, live, { what: 'read what it wrote', right: 's3:GetObject' })
  if (got.body.toString('utf8') !== BODY)
    throw new Failed({
      class: 'permanent',
      code: 'read-back',
      reason: 'what was read is not what was written',
      hint: 'does a cache stand in between?',
    })
}

/** What would be locked is not written. */
async function expectUnlocked({ conversation }: Live, exchange: Exchange): Promise<void> {
  const answer = await conversation.ask({ method: 'GET', query: [['object-lock', '']] }, exchange)
  const document = answer.status === 200 ? documentOf(answer) : null
  if (document?.name !== 'ObjectLockConfiguration') return
  const rule = childOf(document, 'Rule')
  if (rule === undefined || textOf(rule, 'DefaultRetention', 'Mode') === null) return
  const reason = 'the bucket keeps every object for a time (object lock): what a probe writes could not be deleted, so nothing was written'
  throw new Failed({
    class: 'permanent',
    code: 'object-lock',
    reason,
    hint: 'probe without writing, or by a bucket without a default retention',
  })
}

function refused(answer: HttpAnswer, { secrets }: Live, { what, right }: { readonly what: string; readonly right: string }): Failed {
  const { code, message, status } = refusalOf(answer)
  const isTransient = status >= 500 || status === 429
  const isDenied = status === 403
  return new Failed({
    class: isTransient ? 'transient' : 'permanent',
    code,
    reason: `${isDenied ? `the key may not ${what}: ${right} is missing` : `the server would not let it ${what}`}${serverSays(message, secrets)}`,
    hint: isDenied
      ? `give the key ${right} on the objects of the bucket (arn:aws:s3:::BUCKET/*)`
      : isTransient
        ? 'try again'
        : 'look up the code in the manual of the provider',
  })
}

/** Null: it is gone, or was never there. Else what stays. */
async function removed(s3: S3, live: Live | null, { key, version, isAnswered }: Attempt, context: ProbeContext): Promise<Finding | null> {
  const exchange: Exchange = { ms: REMOVE_MS, signal: AbortSignal.timeout(REMOVE_MS + LATE_MS), now: context.now }
  let conversation = live?.conversation ?? null
  try {
    conversation ??= new Conversation(s3, await reopened(placeOf(s3), exchange), context.today)
    if (version !== null && (await isGone(conversation, exchange, { key, version }))) return null
    const isHidden = await isGone(conversation, exchange, { key, version: null })
    if (!isAnswered) {
      // It may land after what was to remove it.
      await new Promise((later) => setTimeout(later, LATE_MS))
      await isGone(conversation, exchange, { key, version: null })
    }
    if (isHidden && version === null) return null
    return leftBehind(
      key,
      isHidden ? 'it is deleted, and the bucket keeps its version' : 'the key may not delete it: s3:DeleteObject is missing',
    )
  } catch (error) {
    if (!(error instanceof NetError || error instanceof Failed || isAttachError(error))) throw error
    return leftBehind(key, 'the server did not answer')
  } finally {
    if (live === null) conversation?.socket.destroy()
  }
}

async function isGone(
  conversation: Conversation,
  exchange: Exchange,
  { key, version }: { readonly key: string; readonly version: string | null },
): Promise<boolean> {
  const { status } = await conversation.ask({ method: 'DELETE', key, query: version === null ? [] : [['versionId', version]] }, exchange)
  return status === 204 || status === 200 || status === 404
}

/** The end of its name is ours: the prefix stands in the handle. */
const leftBehind = (key: string, why: string): Finding =>
  found(REMARKED.probeLeft, `an object of this probe is left there: ${why}`, {
    remedy: `delete ${key.slice(key.lastIndexOf('.attach-probe/'))} under the prefix of the handle: aws s3 rm`,
  })
