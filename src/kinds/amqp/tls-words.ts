import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'
import type { TlsFiles } from '../tls.ts'

/** The words of RabbitMQ's own clients: https://www.rabbitmq.com/docs/uri-query-parameters */
export const TLS_KEYS = ['verify', 'cacertfile', 'certfile', 'keyfile', 'server_name_indication', 'fail_if_no_peer_cert']

export interface TlsWords {
  readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
  /** Null: the host. */
  readonly name: string | null
  readonly files: TlsFiles
}

/** amqps is verified, chain and host name. Throws HANDLE_INVALID. */
export function tlsOf(split: SplitHandle): TlsWords {
  const said = (key: string): string | null => queryText(split, key) || null
  if (split.scheme !== 'amqps') {
    if (TLS_KEYS.some((key) => queryText(split, key) !== null))
      throw invalid('has words about TLS and a scheme without it', 'write amqps:// for TLS')
    return { mode: 'disable', name: null, files: {} }
  }
  const verify = queryText(split, 'verify') ?? 'verify_peer'
  if (!['verify_peer', 'verify_none'].includes(verify))
    throw invalid('has an unknown word for verify', 'the words are verify_peer, verify_none')
  if (!['true', 'false', null].includes(queryText(split, 'fail_if_no_peer_cert')))
    throw invalid('has an unknown word for fail_if_no_peer_cert', 'the words are true, false')
  const name = said('server_name_indication')
  if (name !== null && name !== 'disable' && !/^[A-Za-z0-9._-]{1,253}$/.test(name))
    throw invalid('has a server_name_indication that is no host name', 'write a host name, or disable')
  // In Erlang, whose words these are, disable also leaves the name unchecked.
  const mode = verify === 'verify_none' ? 'require' : name === 'disable' ? 'verify-ca' : 'verify-full'
  return { mode, name: name === 'disable' ? null : name, files: filesOf(said('cacertfile'), said('certfile'), said('keyfile')) }
}

function filesOf(ca: string | null, cert: string | null, key: string | null): TlsFiles {
  if (cert === null && key !== null) throw invalid('names a keyfile and no certfile', 'name both, or neither')
  // One file may hold both, as Erlang reads it.
  return { ...(ca === null ? {} : { ca }), ...(cert === null ? {} : { cert, key: key ?? cert }) }
}
