import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, type HostPart, invalid } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import type { Address } from '../../net/dial.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import { TCP_SERVICES, type TcpService } from './services.ts'

/** A server that listens on a port. What it speaks, nobody here does. */
export interface TcpResource {
  readonly scheme: string
  readonly service: TcpService
  /** At least one. */
  readonly addresses: readonly Extract<Address, { readonly host: string }>[]
  readonly user: string | null
  readonly tls: 'disable' | 'verify-full'
}

export const TCP_SCHEMES: readonly string[] = Object.keys(TCP_SERVICES)
const HOSTS_MAX = 64

export const TCP_GRAMMAR: HandleGrammar = {
  schemes: TCP_SCHEMES,
  example: 'tcp://HOST:PORT',
  queryKeys: [],
  anyQuery: true,
  socketSchemes: [],
  hosts: 'several',
}

/** Throws HANDLE_INVALID. */
export function parseTcp(handle: Handle): TcpResource {
  const split = splitHandle(handle.reveal(), TCP_GRAMMAR)
  const service = TCP_SERVICES[split.scheme]
  if (service === undefined || split.host === null) throw invalid('names no host', `write ${TCP_GRAMMAR.example}`)
  if (split.others.length >= HOSTS_MAX) throw invalid(`lists more than ${HOSTS_MAX} hosts`, 'name some of them: one that answers is enough')
  if (service.srv !== undefined && (split.port !== null || split.others.length > 0))
    throw invalid('names a port or several hosts, and +srv has both looked up', 'leave +srv out, or name one host alone')
  const parts: readonly HostPart[] = [{ host: split.host, port: split.port }, ...split.others]
  const user = split.user?.text ?? null
  if (user !== null) refuseHidden({ text: user }, 'user')
  const wantsTls = ['tls', 'ssl'].some((key) => /^(true|1|yes)$/i.test(queryText(split, key) ?? ''))
  return {
    scheme: split.scheme,
    service,
    addresses: parts.map((part) => addressOf(part, service)),
    user,
    tls: service.tls === true || wantsTls ? 'verify-full' : 'disable',
  }
}

function addressOf({ host, port }: HostPart, service: TcpService): { readonly host: string; readonly port: number } {
  const number = port?.number ?? service.port
  if (number === undefined) throw invalid('names no port', `write ${TCP_GRAMMAR.example}`)
  return { host: hostName(host), port: number }
}

export function identifyTcp({ scheme, service, addresses: [first, ...others], user, tls }: TcpResource): Identity {
  if (first === undefined) throw invalid('names no host', `write ${TCP_GRAMMAR.example}`)
  return {
    kind: 'tcp',
    scheme,
    ...first,
    ...(others.length === 0 ? {} : { others: others.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`) }),
    ...(user === null ? {} : { user }),
    tls,
    ...(scheme === 'tcp' || scheme === 'tls' ? {} : { service: service.product }),
    ...providerOf(first.host),
  }
}
