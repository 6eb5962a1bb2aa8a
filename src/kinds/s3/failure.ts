import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import type { HttpAnswer } from '../../net/http.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'
import { type Element, readXml, textOf } from './xml.ts'

/** An answer that is none, by its code. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export interface Refusal {
  readonly status: number
  /** `NoSuchBucket`; `http-503` where the answer names none. */
  readonly code: string
  readonly message: string
  /** Where the bucket is, when the answer tells. */
  readonly region: string | null
  /** By the clock of the server, milliseconds since 1970. */
  readonly at: number | null
}

type Meaning = readonly [depth: Depth, kind: FailureClass, reason: string, hint: string]

const CODES: Readonly<Record<string, Meaning>> = {
  InvalidAccessKeyId: [
    'login',
    'permanent',
    'there is no such access key',
    'check the key before the :, and that it belongs to this provider',
  ],
  SignatureDoesNotMatch: [
    'login',
    'permanent',
    'the secret is not that of the access key',
    'check the secret; in a handle / is written %2F and + may stand as %2B',
  ],
  InvalidToken: [
    'login',
    'permanent',
    'the session token is not valid',
    'keys that begin with ASIA need the token of the same login: session_token=',
  ],
  ExpiredToken: ['login', 'permanent', 'the session token has expired', 'get new temporary credentials: aws sts get-session-token'],
  TokenRefreshRequired: ['login', 'permanent', 'the session token has expired', 'get new temporary credentials: aws sts get-session-token'],
  RequestExpired: ['login', 'permanent', 'the request was too old when it arrived', 'set the clock of this machine: timedatectl'],
  InvalidSecurity: ['login', 'permanent', 'the credentials are not valid', 'check key and secret'],
  Unauthorized: ['login', 'permanent', 'the credentials are not valid', 'check key and secret'],
  NotSignedUp: ['login', 'permanent', 'the account is not signed up for this service', 'look at the account of the provider'],
  AccountProblem: ['use', 'permanent', 'the account has a problem that stops its use', 'look at the account of the provider'],
  AllAccessDisabled: ['use', 'permanent', 'all access to the bucket is disabled', 'ask the provider'],
  InvalidPayer: ['use', 'permanent', 'all access to the bucket is disabled', 'ask the provider'],
  InvalidBucketName: ['use', 'permanent', 'the server takes no bucket of that name', 'check the name of the bucket'],
  MethodNotAllowed: ['use', 'permanent', 'the server does not allow to list the bucket', 'is that the endpoint of the S3 API?'],
  NotImplemented: ['use', 'permanent', 'the server cannot list a bucket as S3 does (ListObjectsV2)', 'is it new enough?'],
  TemporaryRedirect: ['use', 'transient', 'the bucket is new, and its address is still spreading', 'wait some minutes: attach wait'],
  SlowDown: ['use', 'transient', 'the server asks to slow down', 'try again in a while'],
  RequestTimeout: ['use', 'transient', 'the server did not read the request in time', 'try again'],
  InternalError: ['use', 'transient', 'the server failed inside', 'try again; the status page of the provider tells of outages'],
  ServiceUnavailable: [
    'use',
    'transient',
    'the server is not available at the moment',
    'try again; the status page of the provider tells of outages',
  ],
  OperationAborted: ['use', 'transient', 'another operation on the bucket is under way', 'try again'],
}

const WRONG_REGION = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'InvalidRegion']

export interface Asked {
  readonly isSigned: boolean
  readonly bucket: string
  /** By which the request was signed. */
  readonly region: string
  /** The bucket itself answered HEAD. */
  readonly isThere: boolean
  /** Wall clock, milliseconds since 1970. */
  readonly today: number
  readonly secrets: readonly Secret[]
}

/** Our words for it, and a little of its own. */
export function s3Failure(refusal: Refusal, asked: Asked): ProbeFailure {
  const [failedAt, kind, reason, hint] = meaningOf(refusal, asked)
  return { failedAt, class: kind, code: refusal.code, reason: `${reason}${serverSays(refusal.message, asked.secrets)}`, hint }
}

function meaningOf(refusal: Refusal, asked: Asked): Meaning {
  const { code, status, region } = refusal
  if (code === 'RequestTimeTooSkewed') return skewed(refusal, asked)
  if (code === 'NoSuchBucket')
    return [
      'use',
      'permanent',
      `there is no bucket ${asked.bucket}`,
      'check its name and the endpoint; aws s3 ls shows the buckets of an account',
    ]
  if (code === 'AccessDenied' || (status === 403 && CODES[code] === undefined)) return denied(asked)
  if (WRONG_REGION.includes(code) || (region !== null && region !== asked.region && (status === 301 || status === 400)))
    return elsewhere(refusal)
  const known = CODES[code]
  if (known !== undefined) return known
  if (status >= 500 || status === 429)
    return ['use', 'transient', `the server answers ${status}`, 'try again; the status page of the provider tells of outages']
  return ['use', 'permanent', `the server refused with ${status}`, 'look up its code in the manual of the provider']
}

function denied({ isSigned, isThere }: Asked): Meaning {
  if (!isSigned)
    return ['login', 'permanent', 'the bucket is not open to everyone, and the handle has no key', 'write s3://KEY:SECRET@BUCKET']
  const what = isThere
    ? 'the bucket is there, and the key may not list it: s3:ListBucket is missing'
    : 'the key is known, and may not list the bucket: s3:ListBucket is missing, or the bucket belongs to somebody else'
  return ['use', 'permanent', what, 'give the key s3:ListBucket on the bucket (arn:aws:s3:::BUCKET, without /*)']
}

function elsewhere({ region, code }: Refusal): Meaning {
  const depth = code === 'PermanentRedirect' ? 'use' : 'login'
  return region === null
    ? [
        depth,
        'permanent',
        'the bucket is in another region, or at another endpoint',
        'name its region= and endpoint= as the provider shows them',
      ]
    : [depth, 'permanent', `the bucket is in the region ${region}`, `write region=${region} in the handle`]
}

function skewed({ at }: Refusal, { today }: Asked): Meaning {
  const hint = 'set the clock of this machine: timedatectl'
  if (at === null) return ['login', 'permanent', 'the clocks of this machine and of the server are too far apart', hint]
  return ['login', 'permanent', `the clock of this machine is ${apart(today - at)} that of the server`, hint]
}

/** `20 minutes behind`. Positive: ahead. Milliseconds. */
export function apart(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  const [count, unit] =
    seconds < 120 ? [seconds, 'second'] : seconds < 7_200 ? [Math.round(seconds / 60), 'minute'] : [Math.round(seconds / 3_600), 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'} ${ms < 0 ? 'behind' : 'ahead of'}`
}

/** What an answer with a status of failure says. */
export function refusalOf(answer: HttpAnswer, head: HttpAnswer | null = null): Refusal {
  const error = documentOf(answer)
  const isError = error?.name === 'Error'
  const code = isError ? textOf(error, 'Code') : null
  return {
    status: answer.status,
    code: code !== null && /^[A-Za-z][A-Za-z0-9.]{1,63}$/.test(code) ? code : `http-${answer.status}`,
    message: (isError ? textOf(error, 'Message') : null) ?? '',
    region: regionOf(answer) ?? (head === null ? null : regionOf(head)) ?? plainRegion(isError ? textOf(error, 'Region') : null),
    at: clockOf(answer),
  }
}

/** Null: the answer is no XML. */
export function documentOf({ body }: HttpAnswer): Element | null {
  try {
    return readXml(body)
  } catch (error) {
    if (error instanceof NetError) return null
    throw error
  }
}

export const regionOf = ({ headers }: HttpAnswer): string | null => plainRegion(headers['x-amz-bucket-region'] ?? null)

const plainRegion = (text: string | null): string | null => (text !== null && /^[a-z0-9-]{1,32}$/.test(text) ? text : null)

/** RFC 9110, 5.6.7. */
export function clockOf({ headers }: HttpAnswer): number | null {
  const at = Date.parse(headers['date'] ?? '')
  return Number.isNaN(at) ? null : at
}
