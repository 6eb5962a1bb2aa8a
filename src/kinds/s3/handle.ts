import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import { amazonEndpoint, type Endpoint, endpointOf, isAmazon, readEndpoint, regionIn } from './endpoint.ts'
import { type Login, loginOf, nonEmpty } from './login.ts'
import { remarksOf } from './remarks.ts'

/** A parsed handle of a bucket. Holds its secrets only as Secrets. */
export interface S3 {
  readonly scheme: string
  readonly endpoint: Endpoint
  readonly bucket: string
  /** What the names of its objects begin with. Empty: any. */
  readonly prefix: string
  /** By which requests are signed. */
  readonly region: string
  /** The bucket stands in the path; else in the host. */
  readonly style: 'path' | 'host'
  /** Null: nothing is signed. */
  readonly login: Login | null
  readonly files: { readonly ca?: string }
  readonly unknown: readonly string[]
  readonly remarks: readonly Finding[]
}

/** Schemes whose authority is the endpoint; the bucket is the first piece of the path. */
const ENDPOINT_SCHEMES = ['minio', 's3+http', 's3+https']
export const S3_SCHEMES = ['s3', ...ENDPOINT_SCHEMES]

export const S3_GRAMMAR: HandleGrammar = {
  schemes: S3_SCHEMES,
  example: 's3://KEY:SECRET@BUCKET?region=REGION',
  queryKeys: ['region', 'endpoint', 'path_style', 'session_token', 'ca', 'secure'],
  socketSchemes: [],
}

/** Whether the authority is the endpoint. */
export const namesEndpoint = ({ scheme }: Pick<SplitHandle, 'scheme'>): boolean => ENDPOINT_SCHEMES.includes(scheme)

/** Throws HANDLE_INVALID. Pure. */
export function parseS3(handle: Handle): S3 {
  const split = splitHandle(handle.reveal(), S3_GRAMMAR)
  const { bucket, prefix, endpoint: named } = namesEndpoint(split) ? inPath(split) : inAuthority(split)
  const given = regionOf(split)
  const region = given ?? (named === null ? null : regionIn(named.host)) ?? 'us-east-1'
  const endpoint = named ?? amazonEndpoint(region)
  if (endpoint.host.startsWith(`${bucket}.`))
    throw invalid('has an endpoint that begins with the bucket', 'leave the bucket out of the endpoint: it stands there by itself')
  const ca = nonEmpty(queryText(split, 'ca'))
  if (ca !== null && endpoint.tls === 'disable') throw invalid('names a ca and an endpoint without TLS', 'write endpoint=https://…')
  const parsed = {
    scheme: split.scheme,
    endpoint,
    bucket,
    prefix,
    region,
    style: styleOf(split, { endpoint, bucket, isNamed: named !== null }),
    login: loginOf(split),
    files: ca === null ? {} : { ca },
    unknown: [...new Set(split.unknownKeys)],
  }
  const isAssumed = given === null && isAmazon(endpoint.host) && regionIn(named?.host ?? '') === null
  return { ...parsed, remarks: remarksOf(parsed, { repeated: split.repeatedKeys, isRegionAssumed: isAssumed }) }
}

export function identifyS3({ scheme, endpoint, bucket, prefix, login }: S3): Identity {
  return {
    kind: 's3',
    scheme,
    host: endpoint.host,
    port: endpoint.port,
    name: prefix === '' ? bucket : `${bucket}/${prefix}`,
    ...(login === null ? {} : { user: login.key }),
    tls: endpoint.tls,
    ...providerOf(endpoint.host),
  }
}

/** Pairs of the guides and images of MinIO, LocalStack, Zenko and s3rver. */
const WELL_KNOWN = ['minioadmin minioadmin', 'minio minio123', 'test test', 'accesskey1 verysecretkey1', 's3rver s3rver', 'admin password']

export function traitsOfS3({ unknown, login }: S3): Traits {
  const isKnown = login !== null && WELL_KNOWN.includes(`${login.key} ${login.secret.reveal()}`.toLowerCase())
  return {
    parameters: new Map(unknown.map((key) => [shownKey(key), UNSHOWN])),
    defaultCredentials: isKnown ? 'key and secret are those of every guide' : null,
  }
}

const shownKey = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? key : UNSHOWN)

interface Bucket {
  readonly bucket: string
  readonly prefix: string
  /** Null: Amazon's, of the region. */
  readonly endpoint: Endpoint | null
}

/** `s3://BUCKET/PREFIX?endpoint=` */
function inAuthority(split: SplitHandle): Bucket {
  if (split.port !== null)
    throw invalid(
      'has a port where the bucket stands: s3://HOST:PORT/BUCKET means different things to different tools',
      'write s3://KEY:SECRET@BUCKET?endpoint=http://HOST:PORT, or s3+http://KEY:SECRET@HOST:PORT/BUCKET',
    )
  if (split.host === null) throw invalid('names no bucket', `write ${S3_GRAMMAR.example}`)
  if (queryText(split, 'secure') !== null) throw invalid('has secure= beside a bucket', 'write endpoint=https://… or endpoint=http://…')
  const bucket = split.host.text
  if (isHost(bucket))
    throw invalid(
      'names a host where the bucket stands',
      'write s3://KEY:SECRET@BUCKET?endpoint=https://HOST, or s3+https://KEY:SECRET@HOST/BUCKET',
    )
  const text = nonEmpty(queryText(split, 'endpoint'))
  return { bucket: bucketName(bucket), prefix: prefixOf(split.path?.text ?? ''), endpoint: text === null ? null : readEndpoint(text) }
}

/** `minio://HOST:9000/BUCKET/PREFIX` */
function inPath(split: SplitHandle): Bucket {
  if (queryText(split, 'endpoint') !== null) throw invalid('names two endpoints', 'write s3://KEY:SECRET@BUCKET?endpoint=…')
  if (split.host === null || split.host.text.startsWith('/'))
    throw invalid('names no host', `write ${split.scheme}://KEY:SECRET@HOST:9000/BUCKET`)
  const [bucket = '', ...rest] = (split.path?.text ?? '').split('/')
  if (bucket === '') throw invalid('names no bucket', `write ${split.scheme}://KEY:SECRET@HOST:9000/BUCKET`)
  const secure = queryText(split, 'secure')
  if (secure !== null && split.scheme !== 'minio') throw invalid('has secure= beside a scheme that says it', 'leave secure= out')
  const isSecure = split.scheme === 's3+https' || (secure !== null && yesOrNo(secure, 'secure'))
  const port = split.port?.number ?? (split.scheme === 'minio' ? 9000 : undefined)
  return { bucket: bucketName(bucket), prefix: prefixOf(rest.join('/')), endpoint: endpointOf(isSecure, hostName(split.host), port) }
}

/** Endpoints that people paste where the bucket should stand. */
const isHost = (text: string): boolean =>
  isAmazon(text) || 'provider' in providerOf(text) || text === 'localhost' || /^\d+(\.\d+){3}$/.test(text) || text.includes(':')

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and the older names with capitals and _. */
export function bucketName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(text) || text.includes('..'))
    throw invalid('has a bucket that is no name of one', 'a bucket has 3 to 63 letters, digits, . and - in its name; an ARN is not taken')
  return text
}

function prefixOf(text: string): string {
  refuseHidden({ text }, 'prefix')
  // Whoever tidies a path on the way would make another bucket of it.
  if (text.split('/').some((piece) => piece === '.' || piece === '..'))
    throw invalid('has a prefix with . or .. for a folder', 'leave it out')
  if (Buffer.byteLength(text) > 900) throw invalid('has a prefix longer than 900 bytes', 'use a shorter one')
  return text
}

function regionOf(split: SplitHandle): string | null {
  const region = nonEmpty(queryText(split, 'region'))
  if (region !== null && !/^[A-Za-z0-9_-]{1,64}$/.test(region))
    throw invalid('has a region that is no name of one', 'write region=eu-west-1')
  return region
}

/** A host cannot hold every bucket, and no certificate covers a bucket with a dot. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
function styleOf(
  split: SplitHandle,
  { endpoint, bucket, isNamed }: { readonly endpoint: Endpoint; readonly bucket: string; readonly isNamed: boolean },
): S3['style'] {
  const asked = nonEmpty(queryText(split, 'path_style'))
  const fits = /^[a-z0-9-]+$/.test(bucket)
  if (asked !== null) {
    if (yesOrNo(asked, 'path_style')) return 'path'
    if (!fits && endpoint.tls !== 'disable')
      throw invalid('has path_style=false and a bucket that no host name can hold', 'write path_style=true')
    return 'host'
  }
  return fits && (!isNamed || isAmazon(endpoint.host)) ? 'host' : 'path'
}

export function yesOrNo(text: string, key: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off)$/i.test(text)) return false
  throw invalid(`has an unknown word for ${key}`, 'the words are true, false')
}
