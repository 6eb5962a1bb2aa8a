import type { core } from 'zod'
import type { Survey, Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking, Refused } from '../../asking.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'
import { asFields, countIn, type Fields, fieldIn, fieldsOf, textIn } from '../answer.ts'
import { pathOf } from '../conversation.ts'
import { refusalOf } from '../failure.ts'
import type { Live } from '../probe.ts'

/** What a CouchDB tells, as it is kept in a baseline. */
export const factsSchema = (z: Zod) => {
  const names = z.strictObject({ names: z.array(z.string()), roles: z.array(z.string()) })
  return z.strictObject({
    product: z.string(),
    version: toldSchema(z, z.string()),
    database: toldSchema(
      z,
      z.strictObject({
        docs: z.number(),
        deleted: z.number().nullable(),
        /** The count at its beginning; the rest says how shards share it. */
        updateSeq: z.string(),
        /** Null: it tells none, or one that is that of the process. */
        madeAt: z.string().nullable(),
        bytes: z.number().nullable(),
        shards: z.strictObject({ q: z.number(), n: z.number() }).nullable(),
        isPartitioned: z.boolean(),
      }),
    ),
    design: toldSchema(z, z.array(z.strictObject({ id: z.string(), rev: z.string() }))),
    security: toldSchema(z, z.strictObject({ admins: names, members: names })),
    isAdmin: toldSchema(z, z.boolean()),
    /** Of the server and the database. */
    id: toldSchema(z, z.string()),
  })
}

export type CouchFacts = core.output<ReturnType<typeof factsSchema>>
type Is<Part extends keyof CouchFacts> = Extract<CouchFacts[Part], { readonly is: unknown }>['is']

/** Design documents of one database; none that is known has as many. */
const DESIGNS_MAX = 1_000
const DESIGNS = `/_all_docs?startkey=%22_design%2F%22&endkey=%22_design0%22&include_docs=false&limit=${DESIGNS_MAX + 1}`

/** Five GET of the welcome, and one each of what is compared. */
export async function surveyCouchDB(live: Live, context: SurveyContext): Promise<Survey> {
  const { conversation, couch, facts } = live
  const asking = new Asking(context)
  const get = <T>(target: string, what: string, read: (fields: Fields) => T): Promise<Told<T>> =>
    asking.ask(async (exchange) => {
      const answer = await conversation.ask({ target, as: 'user' }, exchange)
      const fields = fieldsOf(answer)
      if (answer.status !== 200)
        throw new Refused(`${what}: ${refusalOf(answer, { at: 'use', isLoggedIn: couch.login !== null, secrets: live.secrets }).reason}`)
      if (fields === null) throw new Error('no JSON object')
      return read(fields)
    })
  const ofName = <T>(rest: string, what: string, read: (fields: Fields) => T): Promise<Told<T>> =>
    couch.name === null ? Promise.resolve({ unknown: 'the handle names no database' }) : get(pathOf(couch.name, rest), what, read)
  const roundTripMs = await asking.roundTrip((exchange) => conversation.ask({ target: '/', as: 'user' }, exchange))
  const uuid = await get('/', 'its uuid', (fields) => shortOf(textIn(fields, 'uuid')))
  const database = await ofName('', 'the database', (fields) => databaseOf(fields, facts.product ?? ''))
  const shown = (name: string): string => harmless(name, live.secrets) ?? 'a name that cannot be shown'
  const design = await ofName(DESIGNS, 'its design documents', (fields) => designsOf(fields, shown))
  const security = await ofName('/_security', 'its _security', (fields) => securityOf(fields, shown))
  const id = idOf(uuid, couch.name, database)
  const { version } = facts
  const told: CouchFacts = {
    product: facts.product ?? 'CouchDB',
    version: version === undefined ? { unknown: 'the server does not tell its version' } : { is: version },
    ...{ database, design, security, id },
    isAdmin: { is: live.isAdmin },
  }
  return {
    kind: 'couchdb',
    takenAt: new Date(context.today()).toISOString(),
    resource: id,
    roundTripMs,
    position:
      'is' in database && 'is' in id
        ? { is: { line: id.is, at: database.is.updateSeq, unit: 'changes' } }
        : { unknown: 'no line of changes was told' },
    newest: { unknown: 'a document has no column that tells its age' },
    facts: told,
  }
}

/** CouchDB 2 tells no uuid. Of one server, databases differ by name, and one that was made anew by the time at which that was. */
function idOf(uuid: Told<string>, name: string | null, database: CouchFacts['database']): Told<string> {
  if (!('is' in uuid)) return { unknown: 'the server tells no uuid of itself' }
  const madeAt = 'is' in database ? database.is.madeAt : null
  return { is: [uuid.is, name ?? '', ...(madeAt === null ? [] : [madeAt])].join(' ') }
}

/** Throws on what is no id of a few letters. */
function shortOf(text: string | null): string {
  if (text === null || !/^[\w.:-]{1,128}$/.test(text)) throw new Error('no short text')
  return text
}

function databaseOf(fields: Fields, product: string): Is<'database'> {
  const docs = countIn(fields, 'doc_count')
  const [cluster, props, sizes] = ['cluster', 'props', 'sizes'].map((name) => asFields(fieldIn(fields, name)))
  const [q, n] = cluster === null || cluster === undefined ? [null, null] : [countIn(cluster, 'q'), countIn(cluster, 'n')]
  const madeAt = textIn(fields, 'instance_start_time')
  if (docs === null) throw new Error('no count')
  return {
    docs,
    deleted: countIn(fields, 'doc_del_count'),
    updateSeq: sequenceOf(fieldIn(fields, 'update_seq')),
    madeAt: product !== 'PouchDB Server' && madeAt !== null && /^[1-9]\d{0,19}$/.test(madeAt) ? madeAt : null,
    bytes: sizes === null || sizes === undefined ? null : countIn(sizes, 'active'),
    shards: q === null || n === null ? null : { q, n },
    isPartitioned: props !== null && props !== undefined && fieldIn(props, 'partitioned') === true,
  }
}

/** `42-g1AAAA…` of a cluster, 42 of one server. */
function sequenceOf(seq: unknown): string {
  const [count] = /^\d{1,20}(?=-|$)/.exec(String(typeof seq === 'number' || typeof seq === 'string' ? seq : '')) ?? []
  if (count === undefined) throw new Error('no sequence')
  return String(BigInt(count))
}

function designsOf(fields: Fields, shown: (name: string) => string): Is<'design'> {
  const rows = fieldIn(fields, 'rows')
  if (!Array.isArray(rows)) throw new Error('no rows')
  if (rows.length > DESIGNS_MAX) throw new Refused(`it has more than ${DESIGNS_MAX.toLocaleString('en-US')} design documents`)
  return rows.map((each: unknown) => {
    const row = asFields(each)
    const id = row === null ? null : textIn(row, 'id')
    const rev = row === null ? null : textIn(asFields(fieldIn(row, 'value')) ?? {}, 'rev')
    if (id === null || !id.startsWith('_design/')) throw new Error('no design document')
    return { id: shown(id), rev: shortOf(rev) }
  })
}

function securityOf(fields: Fields, shown: (name: string) => string): Is<'security'> {
  const listIn = (part: Fields, name: string): string[] => {
    const list = fieldIn(part, name) ?? []
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) throw new Error('no list of names')
    return [...new Set(list.map(shown))].sort()
  }
  const partOf = (name: string) => {
    const part = asFields(fieldIn(fields, name) ?? {})
    if (part === null) throw new Error('no part of _security')
    return { names: listIn(part, 'names'), roles: listIn(part, 'roles') }
  }
  return { admins: partOf('admins'), members: partOf('members') }
}
