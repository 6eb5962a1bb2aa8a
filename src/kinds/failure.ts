import type { Depth, FailureClass, ProbeFailure } from '../ports/kind.ts'

type Described = Pick<ProbeFailure, 'class' | 'reason' | 'hint'>

interface Where {
  readonly depth: Depth
  /** The product's name, for hints: `PostgreSQL`. */
  readonly service: string
}

/** What the network's error codes mean, in our words. */
export function describeNet(code: string, where: Where): Described {
  const known = NET[code]
  if (known !== undefined) {
    const [kind, reason, hint] = known
    return { class: kind, reason, hint: hint.replace('SERVICE', where.service) }
  }
  if (code === 'timeout') return { class: 'transient', ...TIMEOUT[where.depth] }
  if (where.depth === 'secure') return describeTls(code)
  return { class: 'transient', reason: `failed (${code})`, hint: `is ${where.service} running and reachable from here?` }
}

/** What is wrong with a certificate, or with the handshake. */
export function describeTls(code: string): Described {
  const [reason, hint] = CERTIFICATE[code] ?? OTHER_TLS
  return { class: 'permanent', reason: CERTIFICATE[code] === undefined ? `${reason} (${code})` : reason, hint }
}

/** What spoke there instead. */
export const wrongProtocol = (
  protocol: string,
  service: string,
  scheme: { readonly tls: string | null },
): Omit<ProbeFailure, 'failedAt'> => ({
  class: 'permanent',
  code: 'wrong-protocol',
  reason: protocol === 'TLS' ? 'TLS is spoken there from the first byte on' : `${protocol} answers there, not ${service}`,
  hint: protocol === 'TLS' && scheme.tls !== null ? `ask for TLS: ${scheme.tls}` : 'check the port',
})

const NET: Readonly<Record<string, readonly [FailureClass, string, string]>> = {
  ENOTFOUND: ['permanent', 'no such host', 'check the name for a typo; a name of a private network resolves only inside it'],
  ENODATA: ['permanent', 'the host name has no address', 'check the name for a typo'],
  EAI_AGAIN: ['transient', 'the name server does not answer', 'is the network up?'],
  EAI_FAIL: ['transient', 'the name server failed', 'try again'],
  EAI_NODATA: ['permanent', 'the host name has no address', 'check the name for a typo'],
  ECONNREFUSED: ['transient', 'refused: nothing listens there', 'is SERVICE running, and is the port right?'],
  ENOENT: ['transient', 'there is no socket at that path', 'is SERVICE running, and is the path right?'],
  ECONNRESET: ['transient', 'the server closed the connection', 'look at the log of SERVICE; a proxy or a firewall may stand in between'],
  EPIPE: ['transient', 'the server closed the connection', 'look at the log of SERVICE; a proxy or a firewall may stand in between'],
  closed: ['transient', 'the server closed the connection', 'look at the log of SERVICE; a proxy or a firewall may stand in between'],
  ETIMEDOUT: ['transient', 'no answer', 'is the address reachable from here? a firewall drops packets in silence'],
  EHOSTUNREACH: ['transient', 'no route to the host', 'is the address reachable from here?'],
  ENETUNREACH: ['transient', 'no route to the network', 'is the address reachable from here? IPv6 may be missing'],
  EADDRNOTAVAIL: ['transient', 'the address cannot be used from here', 'is the address reachable from here?'],
  EACCES: ['permanent', 'may not open the socket', 'is this user allowed to use it?'],
  EPERM: ['permanent', 'may not connect there', 'does a local rule forbid it?'],
  EMFILE: ['transient', 'too many files are open on this machine', 'close some, or raise the limit'],
  aborted: ['transient', 'stopped before it was done', 'run it again'],
  'no-greeting': [
    'transient',
    'connected, but the server does not greet',
    'is that the right port? a proxy may accept for a server that is down, and some servers let strangers wait',
  ],
  'too-much': ['permanent', 'the answer is longer than any real one', 'is that really SERVICE?'],
  protocol: [
    'permanent',
    'the answer is not what SERVICE would say'.replace('SERVICE', 'such a service'),
    'is that really SERVICE? check host and port',
  ],
}

const TIMEOUT: Readonly<Record<Depth, { readonly reason: string; readonly hint: string }>> = {
  resolve: { reason: 'the name server took too long', hint: 'is the network up?' },
  connect: { reason: 'no answer in time', hint: 'is the address reachable from here? a firewall drops packets in silence' },
  secure: {
    reason: 'connected, but no answer to the question for TLS in time',
    hint: 'is that the right port? a proxy may accept for a server that is down',
  },
  speak: {
    reason: 'connected, but the server does not speak',
    hint: 'is that the right port? a proxy may accept for a server that is down',
  },
  login: { reason: 'no answer to the login in time', hint: 'is the server overloaded?' },
  use: { reason: 'logged in, but no answer to a question in time', hint: 'is the server overloaded?' },
}

const CERTIFICATE: Readonly<Record<string, readonly [string, string]>> = {
  CERT_HAS_EXPIRED: ['the certificate of the server has expired', 'renew it on the server'],
  CERT_NOT_YET_VALID: ['the certificate of the server is not valid yet', 'compare the clocks of both machines'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'the certificate of the server is self-signed',
    'name its authority in the handle (sslrootcert for postgres, ssl-ca for mysql, cafile for smtp), or ask for encryption alone',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'the authority of the certificate is not trusted here',
    'name the authority in the handle (sslrootcert for postgres, ssl-ca for mysql, cafile for smtp)',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'the authority of the certificate is not trusted here',
    'name the authority in the handle (sslrootcert for postgres, ssl-ca for mysql, cafile for smtp), or let the server send its whole chain',
  ],
  UNABLE_TO_GET_ISSUER_CERT: ['the chain of the certificate has a gap', 'let the server send its whole chain'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'the authority of the certificate is not trusted here',
    'name the authority in the handle (sslrootcert for postgres, ssl-ca for mysql, cafile for smtp)',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ['the certificate was made out to another host name', 'use the name that stands in the certificate'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['the server does not speak TLS there', 'ask for no TLS, or use the TLS port'],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['the server speaks only TLS versions older than 1.2', 'update the server'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['the server speaks only TLS versions older than 1.2', 'update the server'],
  EPROTO: ['the server does not speak TLS there', 'ask for no TLS, or use the TLS port'],
}

const OTHER_TLS: readonly [string, string] = [
  'the TLS handshake failed',
  'look at the log of the server; it may ask for a client certificate',
]
