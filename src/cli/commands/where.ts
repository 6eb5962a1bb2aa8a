import { configsOf } from '../../deploys/configs.ts'
import { type Attached, inventoryOf, mayLeadTo } from '../../deploys/inventory.ts'
import { type OpenKinds, openKinds } from '../../deploys/kinds.ts'
import { baseOf, type Deploy } from '../../deploys/locate.ts'
import type { AttachmentRow } from '../../domain/document.ts'
import { AttachError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/handle.ts'
import { isHere, isSameHost, placesOf, sharesServer } from '../../domain/place.ts'
import { rowOfScheme } from '../../kinds/registry.ts'
import type { Sought, WhereCommand } from '../command.ts'
import type { Said, Session } from '../session.ts'
import { VALUE_BYTES_MAX, valueIn } from '../source-values.ts'

/** Which deploys and keys lead to a resource, as far as their handles say. Contacts nothing, writes nothing, locks nothing. */
export async function where(command: WhereCommand, session: Session): Promise<Said> {
  const { host, reporter, signal } = session
  const note = (code: string, message: string): void => reporter.event({ type: 'note', code, message })
  const search = await searchFor(command.sought, openKinds(session.redactor), session)
  const { deploys, missed } = await configsOf(command.patterns, baseOf(host.cwd, command.directory), host.cwd, signal)
  for (const { code, message } of missed) note(code, message)
  const rows: AttachmentRow[] = []
  const count = { near: 0, unclear: 0, absent: 0, unreadable: 0 }
  for (const deploy of deploys) {
    if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
    const inventory = await inventoryOf(deploy, host)
    if ('is' in inventory) {
      for (const attached of inventory.is) {
        const found = attached.identities.find((identity) => search.isMeant(identity, attached.by))
        if (found !== undefined) rows.push(rowOf(deploy, attached, found))
        else if (search.isPossible(attached)) {
          count.unclear += 1
          note('key.unclear', `${deploy.name}: ${attached.key} may lead there: its handle cannot be read, its host and port are those`)
        } else if (attached.identities.some(search.isNear)) count.near += 1
      }
    } else if (inventory.unknown === 'absent') {
      count.absent += 1
      note('config.absent', `${named(deploy)} does not exist here: what it leads to is not known`)
    } else {
      count.unreadable += 1
      note('config.unreadable', `${nameBefore(deploy)}${inventory.why}: what it leads to is not known`)
    }
  }
  const read = deploys.length - count.absent - count.unreadable
  if (read === 0) throw noneRead(count)
  return {
    exit: 0,
    outcome: 'unchanged',
    attachments: rows,
    ...(rows.length > 0 ? {} : { message: nothing(read, deploys.length, count) }),
  }
}

interface Search {
  /** What is looked for. */
  isMeant(identity: Identity, by: Attached['by']): boolean
  /** Whether it may be that: more is not known of it. */
  isPossible(attached: Attached): boolean
  /** Not that, and on the same server. */
  isNear(identity: Identity): boolean
}

async function searchFor(sought: Sought, kinds: OpenKinds, { host, signal }: Session): Promise<Search> {
  if (sought.by === 'host')
    return {
      isMeant: (identity, by) => placesOf(identity).some((place) => isAt(place, sought, by)),
      isPossible: () => false,
      isNear: () => false,
    }
  const { source } = sought
  const value =
    source.from === 'argv'
      ? source.value
      : valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: false, what: 'standard input' })
  const { identity } = await kinds.read(value, { asked: null, was: null })
  return {
    isMeant: (other, by) => by === 'handle' && sharesServer(other, identity),
    isPossible: (attached) => mayLeadTo(attached, identity),
    isNear: (other) =>
      placesOf(other).some((place) =>
        placesOf(identity).some((sought) => place.port === sought.port && isSameHost(place.host, sought.host)),
      ),
  }
}

/** A socket is found by its path, by the folder of PostgreSQL's, and among all that is on this machine. */
function isAt(identity: Identity, { host, port }: Extract<Sought, { readonly by: 'host' }>, by: Attached['by']): boolean {
  if (host.startsWith('/')) return isSameHost(identity.host, host) || identity.host.startsWith(`${host.replace(/\/+$/, '')}/.s.PGSQL.`)
  if (identity.host.startsWith('/')) return port === null && isHere(host)
  if (!isSameHost(identity.host, host)) return false
  const isAnyPort = port === null || (by === 'looks' && identity.port === undefined)
  return isAnyPort || identity.port === port
}

function rowOf({ name }: Deploy, { key }: Attached, identity: Identity): AttachmentRow {
  const { kind, provider = null, user = null } = identity
  return { deploy: name, key, kind, provider, target: targetOf(identity), user, release: null, edited: null }
}

/** `postgres://app@db1:5432/app`, with what the handle means and not as it is written. */
function targetOf({ scheme, user, host, port, others = [], watched, name }: Identity): string {
  if (rowOfScheme(scheme)?.files) return `${scheme}:${host}`
  const who = user === undefined ? '' : `${user}@`
  const place = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${who}${place}${port === undefined ? '' : `:${port}`}${others.map((other) => `,${other}`).join('')}${watched === undefined ? '' : `/${watched}`}${name === undefined ? '' : `/${name}`}`
}

const keys = (count: number): string => `${count} key${count === 1 ? '' : 's'}`

const configs = (count: number): string => `${count} config${count === 1 ? '' : 's'}`

function nothing(read: number, all: number, { near, unclear }: { readonly near: number; readonly unclear: number }): string {
  const where = read === all ? configs(all) : `the ${configs(read)} that could be read, of ${all}`
  const what =
    unclear === 0 ? `nothing leads there in ${where}` : `no key is known to lead there in ${where}; ${keys(unclear)} may lead there`
  const elsewhere =
    near === 0 ? '' : `; ${keys(near)} ${near === 1 ? 'leads' : 'lead'} to something else on that server: attach where HOST:PORT`
  return `${what}${elsewhere}`
}

const named = ({ name, label }: Deploy): string => (name === label ? label : `${name}: ${label}`)

const nameBefore = ({ name, label }: Deploy): string => (name === label ? '' : `${name}: `)

/** What stands nowhere was named wrongly, or is on another machine; what cannot be read is there. */
function noneRead({ absent, unreadable }: { readonly absent: number; readonly unreadable: number }): AttachError {
  if (unreadable === 0)
    return new AttachError('USAGE', `none of the ${configs(absent)} that attach.yaml names exists here`, {
      hint: "attach where HOST -c 'deploys/*/.env'",
    })
  return new AttachError('UNAVAILABLE', `none of ${configs(absent + unreadable)} could be read: what leads there is not known`, {
    hint: 'run it as the owner of the configs',
  })
}
