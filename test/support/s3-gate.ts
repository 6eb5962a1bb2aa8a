import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a gate says instead of what stands behind it. */
export interface Said {
  readonly status: number
  /** Of an error. */
  readonly code?: string
  readonly message?: string
  /** More elements of an error, as XML. */
  readonly more?: string
  /** A whole body. */
  readonly xml?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One request, as it arrived. */
export interface Arrived {
  readonly method: string
  readonly bucket: string
  /** Of an object; empty for the bucket. */
  readonly key: string
  readonly query: URLSearchParams
  /** The access key; null for an anonymous one. */
  readonly by: string | null
}

export interface GateOptions {
  /** Access keys and their secrets. */
  readonly logins: ReadonlyMap<string, string>
  /** By which requests are to be signed. */
  readonly region?: string
  /** Null: as the store behind it. */
  readonly rule?: (arrived: Arrived) => Said | null
  /** Names under which a bucket stands in the host: `BUCKET.localhost`. */
  readonly domain?: string
  /** By its own clock, milliseconds since 1970. */
  readonly now?: () => number
}

export interface Gate {
  readonly port: number
  /** `HEAD /shop`: all that arrived. */
  readonly arrived: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Stands before a store that does not check signatures, and does what Amazon documents and that store lacks: it reckons each version 4 signature again from what
 * arrived, compares regions and clocks, and answers by rules. Shares nothing with the code that signs.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export async function startGate(to: number, options: GateOptions): Promise<Gate> {
  const arrived: string[] = []
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      const body = Buffer.concat(pieces)
      arrived.push(`${incoming.method} ${incoming.url}`)
      const said = verdict(incoming, body, options)
      if (said === null) return pass(to, incoming, body, outgoing, options)
      say(outgoing, incoming, said, options)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

const clock = ({ now = Date.now }: GateOptions): string => new Date(now()).toUTCString()

function say(
  outgoing: ServerResponse,
  { method }: IncomingMessage,
  { status, code, message = '', more = '', xml, headers }: Said,
  options: GateOptions,
) {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const error =
    code === undefined
      ? ''
      : `<Error><Code>${code}</Code><Message>${escaped}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId></Error>`
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${xml ?? error}`
  outgoing.writeHead(status, {
    ...{ 'x-amz-request-id': '4442587FB7D0A2F9', 'content-type': 'application/xml', date: clock(options), server: 'AmazonS3' },
    // As Amazon does after an error.
    ...(status >= 300 ? { connection: 'close' } : {}),
    ...headers,
  })
  outgoing.end(method === 'HEAD' || status === 204 ? undefined : body)
}

function pass(
  to: number,
  { method, headers, url = '/', ...rest }: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  options: GateOptions,
) {
  const { bucket, path } = placeOf({ url, host: headers.host ?? '' }, options)
  const target = url.replace(/^[^?]*/, bucket === null ? path : `/${bucket}${path === '/' ? '' : path}`)
  const { authorization: _, host: __, connection: ___, ...kept } = headers
  void rest
  const onward = request({ port: to, host: '127.0.0.1', method, path: target, headers: { ...kept, host: `127.0.0.1:${to}` } }, (answer) => {
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...back } = answer.headers
    outgoing.writeHead(answer.statusCode ?? 500, { ...back, 'x-amz-request-id': '4442587FB7D0A2F9' })
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  onward.end(body)
}

/** Null: let in. */
function verdict({ method = '', url = '/', headers, rawHeaders }: IncomingMessage, body: Buffer, options: GateOptions): Said | null {
  const { logins, region = 'us-east-1', rule, now = Date.now } = options
  const { bucket, path } = placeOf({ url, host: headers.host ?? '' }, options)
  const [first = '', ...others] = path.slice(1).split('/')
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '')
  const place =
    bucket === null
      ? { bucket: decodeURIComponent(first), key: decodeURIComponent(others.join('/')) }
      : { bucket, key: decodeURIComponent(path.slice(1)) }
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (headers.authorization !== undefined && parts === null)
    return { status: 400, code: 'AuthorizationHeaderMalformed', message: 'The authorization header is malformed' }
  if (parts === null)
    return rule?.({ method, ...place, query, by: null }) ?? { status: 403, code: 'AccessDenied', message: 'Access Denied' }
  const [, by = '', day = '', signedFor = '', names = '', signature = ''] = parts
  if (signedFor !== region)
    return {
      ...{ status: 400, code: 'AuthorizationHeaderMalformed', more: `<Region>${region}</Region>` },
      message: `The authorization header is malformed; the region '${signedFor}' is wrong; expecting '${region}'`,
    }
  const secret = logins.get(by)
  if (secret === undefined)
    return { status: 403, code: 'InvalidAccessKeyId', message: 'The AWS Access Key Id you provided does not exist in our records.' }
  const time = String(headers['x-amz-date'])
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Math.abs(at - now()) > 15 * 60_000)
    return {
      status: 403,
      code: 'RequestTimeTooSkewed',
      message: 'The difference between the request time and the current time is too large.',
    }
  const right = signatureOf({ method, url, rawHeaders, names: names.split(';'), time, day, region, secret, body })
  const isWhole = headers['x-amz-content-sha256'] === createHash('sha256').update(body).digest('hex')
  const isBare = ['host', 'x-amz-date', 'x-amz-content-sha256'].some((name) => !names.split(';').includes(name))
  if (right !== signature || !isWhole || isBare)
    return {
      status: 403,
      code: 'SignatureDoesNotMatch',
      message: 'The request signature we calculated does not match the signature you provided.',
    }
  return rule?.({ method, ...place, query, by }) ?? null
}

function placeOf({ url, host }: { readonly url: string; readonly host: string }, { domain }: GateOptions) {
  const name = host.replace(/:\d+$/, '')
  const path = url.replace(/\?.*$/, '')
  const isInHost = domain !== undefined && name.endsWith(`.${domain}`)
  return { bucket: isInHost ? name.slice(0, -domain.length - 1) : null, path }
}

interface Reckoned {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly names: readonly string[]
  readonly time: string
  readonly day: string
  readonly region: string
  readonly secret: string
  readonly body: Buffer
}

/** From what arrived: paths and queries are decoded and encoded again, as a server does. */
function signatureOf({ method, url, rawHeaders, names, time, day, region, secret, body }: Reckoned): string {
  const strict = (text: string) =>
    [...Buffer.from(text)]
      .map((byte) =>
        /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte))
          ? String.fromCharCode(byte)
          : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      )
      .join('')
  const [path = '/', search = ''] = url.split('?')
  const query = search
    .split('&')
    .filter((part) => part !== '')
    .map((part) => (part.includes('=') ? part : `${part}=`))
    .map((part) =>
      part
        .split('=')
        .map((piece) => strict(decodeURIComponent(piece)))
        .join('='),
    )
    .sort()
  const values = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) values.set((rawHeaders[at] ?? '').toLowerCase(), (rawHeaders[at + 1] ?? '').trim())
  const lines = names.map((name) => `${name}:${values.get(name) ?? ''}`)
  const hash = createHash('sha256').update(body).digest('hex')
  const canonical = [
    method,
    path
      .split('/')
      .map((piece) => strict(decodeURIComponent(piece)))
      .join('/'),
    query.join('&'),
    ...lines,
    '',
    names.join(';'),
    hash,
  ].join('\n')
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/s3/aws4_request\n${createHash('sha256').update(canonical).digest('hex')}`
  let key = Buffer.from(`AWS4${secret}`)
  for (const step of [day, region, 's3', 'aws4_request', toSign]) key = createHmac('sha256', key).update(step).digest()
  return key.toString('hex')
}
