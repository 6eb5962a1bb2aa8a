import type { Socket } from 'node:net'
import type { Told } from '../../../domain/survey.ts'
import { NetError } from '../../../net/bounded.ts'
import { dial } from '../../../net/dial.ts'
import { askHttp, type HttpAnswer } from '../../../net/http.ts'
import { upgrade } from '../../../net/tls.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { asAttachError, NO_TIME } from '../../asking.ts'
import { Failed } from '../../probing.ts'
import { trustOf } from '../../tls.ts'
import { basicLogin, hostHeader } from '../../web.ts'
import type { Live } from '../probe.ts'
import { type ManagementPlace, managementOf } from './place.ts'

/** All of getting there, and the first answer. */
const REACH_MS = 2_000
/** A list of some ten thousand queues. */
const BODY_MAX = 8 * 1024 * 1024

/** How one makes it answer. */
export const HOW_TO_MANAGE = 'rabbitmq-plugins enable rabbitmq_management; rabbitmqctl set_user_tags USER management'

/** The HTTP API of the same broker, asked with the same user. Reads only. https://www.rabbitmq.com/docs/http-api-reference */
export interface Management {
  /** The answer to one GET, as JSON. Unknown: it may not be seen, or there was no answer in time. Throws INTERRUPTED. */
  ask(path: string): Promise<Told<unknown>>
  close(): void
}

/** Milliseconds that are left of a survey. */
type Left = () => number

/** Unknown: nobody answers there, it is the API of another broker, or it does not let the user in. Throws INTERRUPTED. */
export async function reachManagement(live: Live, context: SurveyContext, left: Left): Promise<Told<Management>> {
  const place = managementOf(live.resource)
  if (place === null) return { unknown: 'no management API is known for this port' }
  const until = context.now() + Math.min(REACH_MS, left())
  const where = `${place.host}:${place.port}`
  try {
    const socket = await connected(place, context, () => until - context.now())
    const management = new OpenManagement(socket, place, live, context, left)
    const told = await management.ask('overview')
    const why = 'is' in told ? whyNotOf(told.is, live.server.cluster, where) : told.unknown
    if (why === null) return { is: management }
    management.close()
    return { unknown: why }
  } catch (error) {
    return { unknown: `no management API answers at ${where} (${codeOf(error)})` }
  }
}

async function connected(place: ManagementPlace, { signal, now }: SurveyContext, left: Left): Promise<Socket> {
  const plain = await dial({ host: place.host, port: place.port }, { ms: left(), signal, now })
  if (place.tls === 'disable') return plain
  try {
    const trust = await trustOf(place.files ?? {}, { ca: 'cacertfile', cert: 'certfile', key: 'keyfile' })
    return (await upgrade(plain, { mode: place.tls, host: place.tlsName, trust, alpn: 'http/1.1', ms: left(), signal })).socket
  } catch (error) {
    plain.destroy()
    throw error
  }
}

class OpenManagement implements Management {
  readonly #socket: Socket
  readonly #place: ManagementPlace
  readonly #live: Live
  readonly #context: SurveyContext
  readonly #left: Left
  /** An answer may still be on its way: nothing more is asked. */
  #isOver = false

  constructor(socket: Socket, place: ManagementPlace, live: Live, context: SurveyContext, left: Left) {
    this.#socket = socket
    this.#place = place
    this.#live = live
    this.#context = context
    this.#left = left
  }

  async ask(path: string): Promise<Told<unknown>> {
    const { signal, limits } = this.#context
    const ms = Math.min(limits.statementMs, this.#left())
    if (ms < 1) return NO_TIME
    if (this.#isOver) return { unknown: 'the management API answers no more' }
    const { user, password } = this.#live.resource
    const headers = { host: hostHeader(this.#place), authorization: basicLogin(user, password.reveal()), accept: 'application/json' }
    try {
      const request = { method: 'GET', target: `/api/${path}`, headers, keep: true } as const
      return meant(await askHttp(this.#socket, request, { ms, signal }, { bodyMax: BODY_MAX }))
    } catch (error) {
      this.#isOver = true
      if (!(error instanceof NetError)) throw error
      if (error.code === 'aborted') throw asAttachError(error)
      return { unknown: `the management API does not answer (${error.code})` }
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}

function meant({ status, body }: HttpAnswer): Told<unknown> {
  const text = body.toString('utf8')
  if (status === 401 && /not management user/i.test(text))
    return { unknown: 'the user may not ask the management API (it lacks the tag management)' }
  if (status === 401 || status === 403) return { unknown: 'the user may not see it (the tag administrator may)' }
  if (status !== 200) return { unknown: `the management API answers ${status}` }
  try {
    return { is: JSON.parse(text) }
  } catch {
    return { unknown: 'what answers there is no management API' }
  }
}

/** Null: it is the API of the broker that we speak to. */
function whyNotOf(overview: unknown, cluster: string | null, where: string): string | null {
  const name = typeof overview === 'object' && overview !== null && 'cluster_name' in overview ? overview.cluster_name : null
  if (typeof name !== 'string') return `what answers at ${where} is no management API`
  return cluster === null || name === cluster ? null : `the management API of another broker answers at ${where}`
}

function codeOf(error: unknown): string {
  if (error instanceof NetError && error.code === 'aborted') throw asAttachError(error)
  if (error instanceof NetError) return error.code
  if (error instanceof Failed) return error.failure.code
  throw error
}
