import type { Socket } from 'node:net'
import { found } from '../../domain/finding.ts'
import type { Secret } from '../../domain/secret.ts'
import type { HttpAnswer } from '../../net/http.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import type { Facts, ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { type Held, type Opened, openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { webOver } from '../web.ts'
import { asFields, countIn, type Fields, fieldIn, fieldsOf, textIn } from './answer.ts'
import { ASK_FOR_TLS, Conversation, pathOf, placeOf, type Question, SERVICE } from './conversation.ts'
import { refusalOf, stranger } from './failure.ts'
import { REMARKED } from './guards/checks.ts'
import type { CouchDB } from './handle.ts'

/** A conversation that is logged in and saw its database. */
export interface Live extends Held {
  readonly conversation: Conversation
  readonly couch: CouchDB
  readonly facts: Facts
  readonly isAdmin: boolean
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** Resolve, connect, TLS, `GET /`, `GET /_session` with the login, `GET /NAME`. No document is read and none is written. */
export const probeCouchDB = (couch: CouchDB, context: ProbeContext): Promise<ProbeReport> => probeOnly(openCouchDB(couch, context))

/** The same, and the conversation stays open when it came to depth `use`. */
export const openCouchDB = (couch: CouchDB, context: ProbeContext): Promise<Opened<Live>> => {
  const { host, port } = couch
  const door = { address: { host, port }, service: SERVICE, askForTls: ASK_FOR_TLS, protocol: 'HTTP' }
  return openProbe(context, door, (run, plain) => converse(run, plain, couch))
}

/** Null: it did not have to come to depth `use`. */
async function converse(run: Run, plain: Socket, couch: CouchDB): Promise<Live | null> {
  const web = await webOver(run, plain, placeOf(couch))
  if (web === null) return null
  const conversation = new Conversation(couch, web.socket)
  try {
    const live = await ask(run, couch, conversation)
    if (live === null) conversation.socket.destroy()
    return live
  } catch (error) {
    conversation.socket.destroy() // It may be another one by now than the one whose end is seen to.
    throw error
  }
}

async function ask(run: Run, couch: CouchDB, conversation: Conversation): Promise<Live | null> {
  const secrets = worthHiding(couch.login?.password ?? null, [couch.login?.user ?? null, couch.name, couch.host])
  const get = (question: Question) => conversation.ask(question, { ms: run.exchangeMs, signal: run.signal, now: run.now })
  const refused = (answer: HttpAnswer) => new Failed(refusalOf(answer, { at: run.at, isLoggedIn: couch.login !== null, secrets }))
  const welcome = welcomeOf(await get({ target: '/', as: 'nobody' }), secrets)
  if ('failure' in welcome) throw new Failed(welcome.failure(couch.tls !== 'disable'))
  run.learn({ ...welcome, role: 'primary', writable: 'unknown' })
  if (run.passed()) return null
  const session = await get({ target: '/_session', as: 'user' })
  if (session.status !== 200) throw refused(session)
  const isAdmin = loggedIn(run, session, couch)
  if (run.passed()) return null
  if (couch.name !== null) {
    const database = await get({ target: pathOf(couch.name), as: 'user' })
    const fields = fieldsOf(database)
    if (database.status !== 200) throw refused(database)
    if (fields === null || textIn(fields, 'db_name') === null) throw new Failed(NO_DATABASE)
    const docs = countIn(fields, 'doc_count')
    run.learn({ more: { db: couch.name, ...(docs === null ? {} : { docs }) } })
  }
  run.passed()
  return {
    ...{ conversation, couch, secrets, isAdmin, facts: run.facts },
    get socket() {
      return conversation.socket
    },
  }
}

const NO_DATABASE = {
  class: 'permanent',
  code: 'protocol',
  reason: `the answer is not what ${SERVICE} would say of a database`,
  hint: 'does a proxy answer under this path?',
} as const

type Welcome = Pick<Facts, 'product' | 'version'> | { readonly failure: (asksForTls: boolean) => Failed['failure'] }

/** CouchDB that lets in nobody without a login says so here already. https://docs.couchdb.org/en/stable/api/server/common.html */
export function welcomeOf(answer: HttpAnswer, secrets: readonly Secret[]): Welcome {
  const fields = fieldsOf(answer)
  const server = /^CouchDB(?:\/(\d[\w.+-]*))?/.exec(answer.headers['server'] ?? '')
  const isWelcome = answer.status === 200 && fields !== null
  const shown = (version: string | null | undefined): Pick<Facts, 'version'> => {
    const text = version === null || version === undefined ? null : harmless(version, secrets)
    return text === null ? {} : { version: text }
  }
  if (isWelcome && textIn(fields, 'couchdb') === 'Welcome') return { product: productOf(fields), ...shown(textIn(fields, 'version')) }
  if (isWelcome && textIn(fields, 'express-pouchdb') !== null) return { product: 'PouchDB Server', ...shown(textIn(fields, 'version')) }
  if (answer.status === 401 && fields !== null && textIn(fields, 'error') === 'unauthorized')
    return { product: SERVICE, ...shown(server?.[1]) }
  return { failure: (asksForTls) => stranger(answer, asksForTls) }
}

function productOf(fields: Fields): string {
  const vendor = asFields(fieldIn(fields, 'vendor'))
  return vendor !== null && /cloudant/i.test(textIn(vendor, 'name') ?? '') ? 'IBM Cloudant' : SERVICE
}

/** Whether an admin of the server was let in. https://docs.couchdb.org/en/stable/api/server/authn.html#get--_session */
function loggedIn(run: Run, session: HttpAnswer, { login }: CouchDB): boolean {
  const user = asFields(fieldIn(fieldsOf(session) ?? {}, 'userCtx'))
  if (user === null) throw new Failed({ ...NO_DATABASE, reason: `the answer is not what ${SERVICE} would say of a login` })
  if (login !== null && textIn(user, 'name') !== login.user)
    throw new Failed({
      ...{ class: 'permanent', code: 'not-logged-in' },
      reason: 'the server passed over user and password',
      hint: 'it must take Basic logins (authentication_handlers); does a proxy keep the header Authorization back?',
    })
  const roles = fieldIn(user, 'roles')
  const isAdmin = Array.isArray(roles) && roles.includes('_admin')
  if (isAdmin) run.learn({ writable: true })
  if (isAdmin && login === null)
    run.findings.push(
      found(REMARKED.party, 'everyone is an admin of the server, without a login', { remedy: 'set an admin in its configuration' }),
    )
  return isAdmin
}
