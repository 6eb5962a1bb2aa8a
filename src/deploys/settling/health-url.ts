import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { rootCertificates } from 'node:tls'
import { shownUrl } from '../../domain/deploy.ts'
import { type Bound, bounded, codeOf, NetError } from '../../net/bounded.ts'
import { type Address, connectFirst, resolve } from '../../net/dial.ts'
import { upgrade } from '../../net/tls.ts'
import type { Host } from '../../ports/host.ts'

export interface Asked {
  readonly url: string
  /** The one that is wanted. */
  readonly status: number
  /** A text that the body must hold; null asks for none. */
  readonly body: string | null
  /** PEM. */
  readonly ca: readonly string[]
  /** All of it. */
  readonly ms: number
  readonly signal: AbortSignal
  /** Monotonic, milliseconds. */
  readonly now: () => number
}

/** So much of a body is looked through. */
const BODY_MAX = 64 * 1024

/**
 * One GET over a connection of its own: no redirect is followed, no credentials and no cookies are sent, no proxy is asked, and certificates are
 * always verified. Null when the answer is the wanted one, else what was wrong, fit to print.
 */
export async function askUrl(asked: Asked): Promise<string | null> {
  const url = new URL(asked.url)
  const until = asked.now() + asked.ms
  const left = (): number => until - asked.now()
  let socket: Socket | null = null
  try {
    socket = await connectTo(url, asked, left)
    const answer = await get(url, socket, { at: 'talk', ms: left(), signal: asked.signal })
    const wrong = answer.statusCode === asked.status ? null : statusText(answer, url, asked)
    if (wrong !== null || asked.body === null) return wrong === null ? null : `${shownUrl(asked.url)} ${wrong}`
    const isThere = await holds(answer, asked.body, { at: 'talk', ms: left(), signal: asked.signal })
    return isThere ? null : `${shownUrl(asked.url)} answered ${asked.status}, but not with the wanted text`
  } catch (error) {
    if (!(error instanceof NetError)) throw error
    return `${shownUrl(asked.url)} ${troubleText(error, asked)}`
  } finally {
    socket?.destroy()
  }
}

/** Whom this system trusts, as PEM: the authorities that Node brings, those of the system, and what the environment adds to either. */
export function authorities(env: Host['env']): readonly string[] {
  const system = [env['SSL_CERT_FILE'] ?? '', ...SYSTEM_BUNDLES].map(pemIn).find((pem) => pem !== null) ?? ''
  return [...rootCertificates, system, pemIn(env['NODE_EXTRA_CA_CERTS'] ?? '') ?? ''].filter((pem) => pem !== '')
}

/** Debian, Ubuntu, Arch, Gentoo; Fedora, RHEL; SUSE; Alpine, macOS. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

function pemIn(path: string): string | null {
  try {
    return path === '' ? null : readFileSync(path, 'utf8')
  } catch {
    return null // Most systems have one of them.
  }
}

async function connectTo(url: URL, { ca, signal, now }: Asked, left: () => number): Promise<Socket> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const targets = await targetsOf({ host, port: Number(url.port) || (isSecure ? 443 : 80) }, { ms: left(), signal })
  const socket = await connectFirst(targets, { ms: left(), signal, now })
  if (!isSecure) return socket
  try {
    return (await upgrade(socket, { mode: 'verify-full', host, trust: { ca }, alpn: 'http/1.1', ms: left(), signal })).socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** `localhost` is this machine in both ways, whatever a hosts file says (RFC 6761, 6.3). */
async function targetsOf(
  address: { readonly host: string; readonly port: number },
  bound: Pick<Bound, 'ms' | 'signal'>,
): Promise<readonly Address[]> {
  if (!/(^|\.)localhost$/i.test(address.host)) return await resolve(address, bound)
  return ['::1', '127.0.0.1'].map((host) => ({ ...address, host }))
}

/** The head of the answer; its body is still to be read. */
function get(url: URL, socket: Socket, bound: Bound): Promise<IncomingMessage> {
  return bounded<IncomingMessage>(bound, (done, fail) => {
    const asking = request({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { Host: url.host, Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': 'attach', Connection: 'close' },
      createConnection: () => socket,
    })
    asking.once('socket', () => socket.resume()) // It comes paused.
    asking.once('response', (answer) => {
      answer.on('error', () => {}) // Cut off in its body: whoever reads it sees its end.
      done(answer)
    })
    asking.once('upgrade', () => fail(new NetError('talk', 'upgrade')))
    asking.on('error', (error) => fail(new NetError('talk', codeOf(error))))
    asking.end()
    return () => {}
  })
}

/** Reads no further than it must. */
function holds(answer: IncomingMessage, text: string, bound: Bound): Promise<boolean> {
  const wanted = Buffer.from(text)
  return bounded<boolean>(bound, (done) => {
    let body = Buffer.alloc(0)
    answer.on('data', (piece: Buffer) => {
      body = Buffer.concat([body, piece]).subarray(0, BODY_MAX)
      if (body.includes(wanted)) done(true)
      else if (body.length === BODY_MAX) done(false)
    })
    for (const event of ['end', 'close', 'error']) answer.on(event, () => done(body.includes(wanted)))
    return () => answer.pause()
  })
}

function statusText({ statusCode = 0, headers }: IncomingMessage, url: URL, { status }: Asked): string {
  const isElsewhere = statusCode >= 300 && statusCode < 400 && headers.location !== undefined
  const where = isElsewhere ? ` ${placeOf(headers.location ?? '', url)}, and redirects are not followed` : ''
  return `answered ${statusCode}${where}; ${status} was expected`
}

function placeOf(location: string, url: URL): string {
  const host = URL.canParse(location, url.href) ? new URL(location, url).host : ''
  if (host === url.host) return 'to another path'
  return /^[\w.:[\]-]{1,100}$/.test(host) ? `to another place (${host})` : 'to another place'
}

function troubleText({ at, code }: NetError, { ms }: Asked): string {
  if (code === 'timeout') return `did not answer in ${Math.round(ms / 100) / 10} s`
  if (code === 'aborted') return 'was not asked to the end'
  switch (at) {
    case 'resolve':
      return `has a host name that leads nowhere (${code})`
    case 'connect':
      return code === 'ECONNREFUSED' ? 'refused the connection' : `cannot be connected to (${code})`
    case 'secure':
      return ['closed', 'ECONNRESET', 'EPROTO'].includes(code) || code.startsWith('ERR_SSL_')
        ? `does not speak TLS there (${code})`
        : `has a certificate that is not to be trusted (${code})`
    case 'talk':
      return /^(?:HPE_|upgrade)/.test(code) ? `does not speak HTTP/1.1 (${code})` : `ended the connection without an answer (${code})`
  }
}
