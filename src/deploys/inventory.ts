import { lstatSync } from 'node:fs'
import type { Key } from '../domain/change.ts'
import { isAttachError } from '../domain/errors.ts'
import type { Handle, Identity } from '../domain/handle.ts'
import { isSameHost, placesOf, sharesServer } from '../domain/place.ts'
import type { Elsewhere } from '../engine/elsewhere.ts'
import { rowOfScheme, schemeOf } from '../kinds/registry.ts'
import type { Host } from '../ports/host.ts'
import { fileTrouble } from '../stores/trouble.ts'
import { isSameFile } from './address.ts'
import { type Attachment, attachmentsOf } from './attachments.ts'
import { identityOf } from './kinds.ts'
import { type Deploy, deploysIn } from './locate.ts'
import { openStore } from './open.ts'

/** A key that leads to a resource, as far as its handle says. */
export interface Attached {
  readonly key: Key
  /** One, but for a handle that lists several hosts. */
  readonly identities: readonly Identity[]
  /** `looks`: it is of a service that attach does not speak, or cannot be read. Its host is known, and no more of it is. */
  readonly by: 'handle' | 'looks'
}

/** Whether a key whose handle cannot be read has the host and the port of a resource: it may lead there. */
export const mayLeadTo = ({ by, identities }: Attached, identity: Identity): boolean =>
  by === 'looks' && identities.some((one) => placesOf(identity).some(({ host, port }) => one.port === port && isSameHost(one.host, host)))

/** What a config leads to, or why that is not known. */
export type Inventory =
  | { readonly is: readonly Attached[] }
  | { readonly unknown: 'absent' }
  | { readonly unknown: 'unreadable'; readonly why: string }

/** What stands in the config of a deploy. Contacts nothing, locks nothing, writes nothing. */
export async function inventoryOf(deploy: Deploy, host: Host): Promise<Inventory> {
  try {
    if (isAbsent(deploy.path)) return { unknown: 'absent' }
    const store = openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
    try {
      const { entries } = await store.read()
      const attachments = await attachmentsOf(entries, deploy.declared?.resources ?? new Map())
      const attached = await Promise.all(attachments.map((one) => attachedBy(one)))
      return { is: attached.filter((one) => one !== null) }
    } finally {
      await store[Symbol.asyncDispose]()
    }
  } catch (error) {
    const { code, message } = fileTrouble(`${deploy.label} cannot be read`, error)
    if (code !== 'UNAVAILABLE' && code !== 'CONFIG_INVALID') throw error
    return { unknown: 'unreadable', why: message.replace(/; nothing was changed$/, '') }
  }
}

/** Which other deploys of its attach.yaml lead to a resource, looked up when it is asked. Undefined: it is of no attach.yaml. Throws CONFIG_INVALID. */
export function elsewhereOf(deploy: Deploy, host: Host): ((identity: Identity) => Promise<Elsewhere>) | undefined {
  const { declared } = deploy
  if (declared === null) return undefined
  return async (identity) => {
    const others = ((await deploysIn(declared.folder, host.cwd)) ?? []).filter(({ path }) => !isSameFile(path, deploy.path))
    const told = { others: others.length, attached: [] as string[], unreadable: [] as string[], absent: [] as string[] }
    for (const other of others) {
      const inventory = await inventoryOf(other, host)
      if ('is' in inventory) {
        const keys = inventory.is.filter(({ by, identities }) => by === 'handle' && identities.some((one) => sharesServer(one, identity)))
        const unclear = inventory.is.filter((one) => mayLeadTo(one, identity))
        if (keys.length > 0) told.attached.push(`${other.name} (${keysOf(keys)})`)
        else if (unclear.length > 0) told.unreadable.push(`${other.name} (${keysOf(unclear)} may lead there)`)
      } else if (inventory.unknown === 'absent') told.absent.push(other.name)
      else told.unreadable.push(`${other.name} (${inventory.why})`)
    }
    return told
  }
}

const keysOf = (attached: readonly Attached[]): string => attached.map(({ key }) => key).join(', ')

/** Nothing stands there, not even a link. Throws the system's own errors. */
const isAbsent = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined

/** Null: it leads nowhere that can be told. */
async function attachedBy({ key, handle: value, kind: asked }: Attachment): Promise<Attached | null> {
  if (value === null || (asked === null && !value.reveal().includes('://') && schemeOf(value.reveal()) === null)) return null
  try {
    const identity = await identityOf(value, { asked, was: null })
    return identity.host === '' ? null : { key, identities: [identity], by: 'handle' }
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID', 'USAGE')) throw error
    const identities = looksOf(value)
    return identities.length === 0 ? null : { key, identities, by: 'looks' }
  }
}

/** The hosts of a value that looks like the handle of a service, also as JDBC writes it. */
function looksOf(value: Handle): readonly Identity[] {
  const text = value.reveal().replace(/^jdbc:/i, '')
  const [, scheme = '', authority = '', query = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)[^?#]*(?:\?([^#]*))?/i.exec(text) ?? []
  const row = rowOfScheme(scheme)
  if (scheme === '') return []
  const places = authority.slice(authority.lastIndexOf('@') + 1).split(',')
  const more = row?.name === 'postgres' ? placesIn(new URLSearchParams(query)) : []
  return [...places, ...more].flatMap((place): readonly Identity[] => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(place) ?? []
    const host = (bracketed ?? plain)?.toLowerCase()
    if (host === undefined) return []
    const at = port === undefined ? row?.port : Number(port)
    return [{ kind: row?.name ?? 'opaque', scheme: scheme.toLowerCase(), host, ...(at === undefined ? {} : { port: at }), tls: 'disable' }]
  })
}

/** `HOST:PORT` of `?host=a,b&port=1,2`, where libpq takes them from too: a lone port is that of all. */
function placesIn(query: URLSearchParams): readonly string[] {
  const ports = query.get('port')?.split(',') ?? []
  return (query.get('host')?.split(',') ?? []).map((host, at) => {
    const port = (ports.length === 1 ? ports[0] : ports[at]) ?? ''
    const place = host.includes(':') ? `[${host}]` : host
    return port === '' ? place : `${place}:${port}`
  })
}
