import { AttachError } from '../../domain/errors.ts'
import type { HandleGrammar } from '../../domain/handle-grammar.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { hostName } from '../host.ts'

/** Where an object store answers, without the bucket. */
export interface Endpoint {
  /** Without the bucket, also where requests go to a host with it. */
  readonly host: string
  readonly port: number
  readonly tls: 'disable' | 'verify-full'
  /** What stands before every path: `/storage/v1/s3`. Empty for most. */
  readonly base: string
}

const GRAMMAR: HandleGrammar = { schemes: ['https', 'http'], example: 'https://HOST', queryKeys: [], socketSchemes: [] }

/** Reads an address as SDKs take it (AWS_ENDPOINT_URL_S3). Throws HANDLE_INVALID. */
export function readEndpoint(text: string): Endpoint {
  if (!/^https?:\/\//i.test(text)) throw invalid('has an endpoint without http:// or https://', 'write endpoint=https://HOST')
  const split = splitEndpoint(text)
  if (split.userinfo.start !== split.userinfo.end)
    throw invalid('has an endpoint with a user or password in it', 'key and secret stand before the bucket: s3://KEY:SECRET@BUCKET')
  if (split.query.length + split.unknownKeys.length > 0) throw invalid('has an endpoint with a query', 'leave out what follows the ?')
  if (split.host === null || split.host.text.startsWith('/'))
    throw invalid('has an endpoint that names no host', 'write endpoint=https://HOST')
  const base = split.path === null ? '' : `/${split.path.raw}`.replace(/\/+$/, '')
  if (!/^[\w./~-]*$/.test(base)) throw invalid('has an endpoint with an odd path', 'use letters, digits and / in it')
  return endpointOf(split.scheme === 'https', hostName(split.host), split.port?.number, base)
}

export const endpointOf = (secure: boolean, host: string, port: number | undefined, base = ''): Endpoint => ({
  host,
  port: port ?? (secure ? 443 : 80),
  tls: secure ? 'verify-full' : 'disable',
  base,
})

/** Amazon's own, of one region. https://docs.aws.amazon.com/general/latest/gr/s3.html */
export const amazonEndpoint = (region: string): Endpoint =>
  endpointOf(true, `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`, undefined)

export const isAmazon = (host: string): boolean => /\.amazonaws\.com(\.cn)?$/.test(host)

/** Names that hold their region. Its own word is the one that the provider signs by. */
const REGIONS: readonly (readonly [host: RegExp, region?: string])[] = [
  [/(?:^|\.)s3(?:-fips)?[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$/],
  [/\.r2\.cloudflarestorage\.com$/, 'auto'],
  [/^([a-z]{3}\d)\.digitaloceanspaces\.com$/],
  [/^s3\.([a-z0-9-]+)\.backblazeb2\.com$/],
  [/^s3\.([a-z0-9-]+)\.wasabisys\.com$/],
  [/^s3\.([a-z0-9-]+)\.scw\.cloud$/],
  [/^s3\.([a-z0-9-]+)\.(?:io|perf)\.cloud\.ovh\.net$/],
  [/^([a-z0-9]+)\.your-objectstorage\.com$/],
  [/^sos-([a-z0-9-]+)\.exo\.io$/],
  [/\.tigris\.dev$/, 'auto'],
]

/** The region that an endpoint names. Null: it names none. */
export function regionIn(host: string): string | null {
  for (const [pattern, region] of REGIONS) {
    const match = pattern.exec(host)
    if (match !== null) return region ?? match[1] ?? null
  }
  return null
}

function splitEndpoint(text: string): ReturnType<typeof splitHandle> {
  try {
    return splitHandle(text, GRAMMAR)
  } catch (error) {
    if (error instanceof AttachError && error.code === 'HANDLE_INVALID')
      throw invalid('has an endpoint that cannot be read as an address', 'write endpoint=https://HOST or endpoint=https://HOST:PORT')
    throw error
  }
}
