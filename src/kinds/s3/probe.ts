import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import type { HttpAnswer } from '../../net/http.ts'
import { worthHiding } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { type Held, type Opened, openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { webOver } from '../web.ts'
import { ASK_FOR_TLS, Conversation, placeOf, type Question, SERVICE } from './conversation.ts'
import { documentOf, type Refusal, refusalOf, regionOf, s3Failure } from './failure.ts'
import type { S3 } from './handle.ts'
import { childOf, type Element } from './xml.ts'

/** A conversation with a bucket that was listed. */
export interface Live extends Held {
  readonly conversation: Conversation
  readonly s3: S3
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** Resolve, connect, TLS for https, a signed HEAD of the bucket, a list of one object. Reads no object and writes none. */
export const probeS3 = (s3: S3, context: ProbeContext): Promise<ProbeReport> => probeOnly(openS3(s3, context))

/** The same, and the conversation stays open when it came to depth `use`. */
export const openS3 = (s3: S3, context: ProbeContext): Promise<Opened<Live>> => {
  const { host, port } = placeOf(s3)
  const door = { address: { host, port }, service: SERVICE, askForTls: ASK_FOR_TLS, protocol: 'HTTP' }
  return openProbe(context, door, (run, plain) => converse(run, plain, s3, context))
}

/** One page of the objects under the prefix, by their names as they are meant. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listing = ({ prefix }: S3, count: number, more: Question['query'] = []): Question => ({
  method: 'GET',
  query: [['list-type', '2'], ['max-keys', String(count)], ['prefix', prefix], ...more],
})

/** Null: it did not have to come to depth `use`. */
export async function converse(run: Run, plain: Socket, s3: S3, { today }: Pick<ProbeContext, 'today'>): Promise<Live | null> {
  const web = await webOver(run, plain, placeOf(s3))
  if (web === null) return null
  const conversation = new Conversation(s3, web.socket, today)
  const live = { conversation, s3, secrets: secretsOf(s3) }
  try {
    const isHeld = await ask(run, live)
    return isHeld
      ? {
          ...live,
          get socket() {
            return conversation.socket
          },
        }
      : null
  } catch (error) {
    conversation.socket.destroy() // It may be another one by now than the one whose end is seen to.
    throw error
  }
}

type Talk = Pick<Live, 'conversation' | 's3' | 'secrets'>

/** Answers whether it came to depth `use`. */
async function ask(run: Run, talk: Talk): Promise<boolean> {
  const { conversation, s3 } = talk
  const say = (question: Question) => conversation.ask(question, { ms: run.exchangeMs, signal: run.signal, now: run.now })
  const head = await say({ method: 'HEAD' })
  // An answer to HEAD has no body: why it is refused, or whether that is a store at all, is told by the list.
  const early = head.status === 200 && isOfStore(head) ? null : await say(listing(s3, 1))
  if (early !== null && !isOfStore(head) && !isOfStore(early)) throw new Failed(noStore(early, s3))
  learn(run, s3, head, early)
  const stop = (): false => {
    conversation.socket.destroy()
    return false
  }
  if (run.passed()) return stop()
  const failure = early === null || early.status === 200 ? null : failureOf(run, talk, refusalOf(early, head), head)
  if (failure?.failedAt === 'login') throw new Failed(failure)
  if (run.passed()) return stop()
  if (failure !== null) throw new Failed(failure)
  const list = early ?? (await say(listing(s3, 1)))
  if (list.status !== 200) throw new Failed(failureOf(run, talk, refusalOf(list, head), head))
  if (documentOf(list)?.name !== 'ListBucketResult') throw new Failed(noStore(list, s3))
  run.passed()
  return true
}

const failureOf = (run: Run, { s3, secrets }: Talk, refusal: Refusal, head: HttpAnswer) =>
  s3Failure(refusal, {
    isSigned: s3.login !== null,
    bucket: s3.bucket,
    region: s3.region,
    isThere: head.status === 200,
    today: run.today,
    secrets,
  })

/** Stores mark their answers; some only by what stands in them. */
function isOfStore(answer: HttpAnswer): boolean {
  if (Object.keys(answer.headers).some((name) => name.startsWith('x-amz-'))) return true
  const document = answer.body.length === 0 ? null : documentOf(answer)
  return document !== null && (document.name === 'ListBucketResult' || isError(document))
}

const isError = (document: Element): boolean => document.name === 'Error' && childOf(document, 'Code') !== undefined

/** Something that speaks HTTP, and is no store. */
function noStore({ status, body }: HttpAnswer, { endpoint }: S3): Failed['failure'] {
  if (endpoint.tls === 'disable' && /https/i.test(body.toString('latin1', 0, 2_048)) && status === 400)
    return {
      class: 'permanent',
      code: 'wrong-protocol',
      reason: 'TLS is spoken there, and the handle asks for none',
      hint: `ask for TLS: ${ASK_FOR_TLS}`,
    }
  if (status >= 500 || status === 429)
    return {
      class: 'transient',
      code: `http-${status}`,
      reason: `a web server answers ${status} there; the store behind it may be down`,
      hint: 'try again',
    }
  const what = status >= 300 && status < 400 ? `, and leads elsewhere (${status})` : ` (${status})`
  const hint = 'check the endpoint: host, port, and the path if the provider names one; a console listens on another port than the store'
  return { class: 'permanent', code: 'wrong-service', reason: `a web server answers there${what}, and no object store`, hint }
}

const PRODUCTS: readonly (readonly [server: RegExp, product: string])[] = [
  [/^AmazonS3$/, 'Amazon S3'],
  [/^MinIO/i, 'MinIO'],
  [/^cloudflare$/i, 'Cloudflare R2'],
  [/^WasabiS3/i, 'Wasabi'],
  [/^Tigris/i, 'Tigris'],
  [/^SeaweedFS/i, 'SeaweedFS'],
]

function learn(run: Run, { region, bucket, style }: S3, head: HttpAnswer, early: HttpAnswer | null): void {
  const server = head.headers['server'] ?? ''
  run.learn({
    product: PRODUCTS.find(([looks]) => looks.test(server))?.[1] ?? SERVICE,
    role: 'unknown',
    writable: 'unknown',
    more: { bucket, region: regionOf(head) ?? (early === null ? null : regionOf(early)) ?? region, addressed: `by ${style}` },
  })
}

/** The secret, and the token of temporary credentials. */
const secretsOf = ({ login, bucket, endpoint }: S3): readonly Secret[] =>
  login === null ? [] : [...worthHiding(login.secret, [login.key, bucket, endpoint.host]), ...worthHiding(login.session, [])]
