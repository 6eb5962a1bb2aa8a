import type { Socket } from 'node:net'
import type { TlsMode } from '../domain/handle.ts'
import { dial } from '../net/dial.ts'
import { askHttp, type HttpAnswer, type HttpRequest } from '../net/http.ts'
import type { Exchange } from '../net/lines.ts'
import { upgrade } from '../net/tls.ts'
import type { Run } from './probing.ts'
import { negotiated, type TlsFiles, tlsFindings, trustOf } from './tls.ts'

/** What a web service is reached by. */
export interface WebPlace {
  /** As it stands in the handle: what TLS checks. */
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly files?: TlsFiles
  /** What the files are called in the handle. Absent: the handle cannot name any. */
  readonly fileWords?: Required<TlsFiles>
}

/** One open connection, for one request after another. */
export interface Web {
  readonly socket: Socket
  /** Throws NetError. An answer is an answer whatever its status. */
  ask(request: Omit<HttpRequest, 'keep'>, exchange: Pick<Exchange, 'ms' | 'signal'>): Promise<HttpAnswer>
}

/** The stage `secure` over a connected socket; null where no more was asked for. What was negotiated is learned and judged. */
export async function webOver(run: Run, plain: Socket, { host, tls, files = {}, fileWords = FILE_WORDS }: WebPlace): Promise<Web | null> {
  const socket = tls === 'disable' ? plain : await secured(tls)
  if (tls === 'disable') {
    run.learn({ tls: null })
    run.findings.push(...tlsFindings(null, host, run.today))
  }
  if (run.passed()) return null
  return { socket, ask: (request, { ms, signal }) => askHttp(socket, { ...request, keep: true }, { ms, signal }) }

  async function secured(mode: Exclude<TlsMode, 'disable'>): Promise<Socket> {
    const trust = await trustOf(files, fileWords)
    const found = await upgrade(plain, { mode, host, trust, alpn: 'http/1.1', ms: run.exchangeMs, signal: run.signal })
    run.learn({ tls: negotiated(found) })
    run.findings.push(...tlsFindings(found, host, run.today))
    return found.socket
  }
}

const FILE_WORDS: Required<TlsFiles> = { ca: 'ca', cert: 'cert', key: 'key' }

/**
 * Another connection to a place where one was open: a web server closes what it likes between two answers. The same is asked of TLS. Throws
 * NetError, Failed.
 */
export async function reopened({ host, port, tls, files = {}, fileWords = FILE_WORDS }: WebPlace, exchange: Exchange): Promise<Socket> {
  const started = exchange.now()
  const socket = await dial({ host, port }, exchange)
  if (tls === 'disable') return socket
  try {
    const trust = await trustOf(files, fileWords)
    const ms = exchange.ms - (exchange.now() - started)
    return (await upgrade(socket, { mode: tls, host, trust, alpn: 'http/1.1', ms, signal: exchange.signal })).socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The header `host` of a request: the port where it is not the usual one of the scheme. */
export function hostHeader({ host, port, tls }: Pick<WebPlace, 'host' | 'port' | 'tls'>): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (tls === 'disable' ? 80 : 443) ? name : `${name}:${port}`
}

/** `Basic …` (RFC 7617). */
export const basicLogin = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
