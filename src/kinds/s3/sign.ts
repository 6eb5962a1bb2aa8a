import { createHash, createHmac } from 'node:crypto'
import type { Login } from './login.ts'

/** One request, before it is signed. */
export interface Unsigned {
  readonly method: string
  /** As it stands in the request line, without the query. */
  readonly path: string
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Names in lower case, with `host`. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface SignOptions {
  /** Null: an anonymous request, which is not signed. */
  readonly login: Login | null
  readonly region: string
  /** Wall clock, milliseconds since 1970. A server refuses what is 15 minutes from its own. */
  readonly at: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * The headers of a request, signed by AWS Signature Version 4 over all of them. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signed(request: Unsigned, { login, region, at }: SignOptions): Readonly<Record<string, string>> {
  const payload = sha256(request.body)
  if (login === null) return request.headers
  const time = `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
  const headers = {
    ...request.headers,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
    ...(login.session === null ? {} : { 'x-amz-security-token': login.session.reveal() }),
  }
  const names = Object.keys(headers).sort()
  const lines = Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`)
  const canonical = [request.method, request.path, queryOf(request.query), lines.join(''), names.join(';'), payload].join('\n')
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = [ALGORITHM, time, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>((from, step) => hmac(from, step), `AWS4${login.secret.reveal()}`)
  const signature = hmac(key, toSign).toString('hex')
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${login.key}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`,
  }
}

/** The query as it is signed and as it is sent: encoded, in the order of its names. */
export const queryOf = (query: Unsigned['query']): string =>
  query
    .map(([name, value]) => [uriPart(name), uriPart(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** `/` stays. */
export const uriPath = (path: string): string => path.split('/').map(uriPart).join('/')

/** Everything but `A-Za-z0-9-._~` is encoded. */
const uriPart = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()
