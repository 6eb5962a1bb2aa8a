import { createHmac } from 'node:crypto'
import type { Secret } from '../../domain/secret.ts'
import type { HttpAnswer, HttpRequest } from '../../net/http.ts'
import type { ProbeFailure } from '../../ports/kind.ts'
import { WEB_APIS, type WebApiRow } from './rows.ts'

/** One web API: what its keys look like, and the one harmless call that tells whether they are good. */
export interface Recipe {
  readonly row: WebApiRow
  /** The first two stand before the @ of a handle, the others in its query. */
  readonly parts: readonly KeyPart[]
  /** Where these very keys lead. Absent: to the usual host. */
  readonly hostOf?: (keys: Keys) => string | null
  /** Null: there is no call that costs nothing and changes nothing; only shape and reach are looked at. */
  readonly call: Call | null
}

export interface KeyPart {
  readonly name: string
  readonly looks: RegExp
  /** What a right one looks like, as a hint. */
  readonly means: string
}

export type Keys = ReadonlyMap<string, Secret>

export interface Call {
  /** `nonce` and `seconds` since 1970: for signatures. */
  request(keys: Keys, world: { readonly host: string; readonly nonce: string; readonly seconds: number }): Omit<HttpRequest, 'keep'>
  /** Throws on what is no answer of this API. */
  judge(answer: HttpAnswer, keys: Keys): Judged
}

export type Judged =
  | { readonly ok: true; readonly account: Account | null; readonly isSandbox: boolean | null }
  | ({ readonly ok: false } & Omit<ProbeFailure, 'reason' | 'hint'> & { readonly reason: string; readonly hint: string })

/** Whose key it is, as the API tells. */
export interface Account {
  readonly id: string
  /** Fit to print once it is made harmless. */
  readonly name: string
}

const rowOf = (name: string): WebApiRow => WEB_APIS.find((row) => row.name === name) ?? WEB_APIS[0] ?? fail()
function fail(): never {
  throw new Error('there is no web API')
}

const GOOD: Judged = { ok: true, account: null, isSandbox: null }
const BAD_KEY = { ok: false, failedAt: 'login', class: 'permanent' } as const

/** What a JSON answer holds. Throws on anything but an object. */
function objectIn({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(body.toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object')
  return Object.fromEntries(Object.entries(value))
}

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

const secretOf = (keys: Keys, name: string): string => keys.get(name)?.reveal() ?? ''

/** https://postmarkapp.com/developer/api/server-api: reads the settings of the server that the token is of. */
const POSTMARK_TEST = 'POSTMARK_API_TEST'
const postmark: Recipe = {
  row: rowOf('postmark'),
  parts: [
    {
      name: 'token',
      looks: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^POSTMARK_API_TEST$/i,
      means: 'a server token is 32 hexadecimal digits in five groups; the page API Tokens of the server shows it',
    },
  ],
  call: {
    request: (keys, { host }) => ({
      method: 'GET',
      target: '/server',
      headers: { host, accept: 'application/json', 'x-postmark-server-token': secretOf(keys, 'token') },
    }),
    judge: (answer, keys) => {
      const said = objectIn(answer)
      if (answer.status === 401 || said['ErrorCode'] === 10)
        return {
          ...BAD_KEY,
          code: `postmark-${textOf(said['ErrorCode']) || answer.status}`,
          reason: 'the server token is not known there',
          hint: 'copy it from API Tokens of the server; an account token is another one',
        }
      if (answer.status !== 200) return otherwise(answer)
      const isSandbox = said['DeliveryType'] === 'Sandbox' || secretOf(keys, 'token').toUpperCase() === POSTMARK_TEST
      return { ok: true, account: { id: textOf(said['ID']), name: textOf(said['Name']) }, isSandbox }
    },
  },
}

/** The first call of New Relic's own agents: it asks which collector to speak to, and begins nothing. */
const newrelic: Recipe = {
  row: rowOf('newrelic'),
  parts: [
    {
      name: 'token',
      looks: /^[0-9A-Za-z]{40}$/,
      means: 'a licence key has 40 letters and digits, and most end in NRAL; a user key (NRAK-…) is another one',
    },
  ],
  hostOf: (keys) => {
    const [, region] = /^([a-z]{2}\d{2})x{1,2}/.exec(secretOf(keys, 'token')) ?? []
    return region === undefined ? null : `collector.${region}.nr-data.net`
  },
  call: {
    request: (keys, { host }) => ({
      method: 'POST',
      target: `/agent_listener/invoke_raw_method?method=preconnect&protocol_version=17&marshal_format=json&license_key=${encodeURIComponent(secretOf(keys, 'token'))}`,
      headers: { host, accept: 'application/json', 'content-type': 'application/json' },
      body: '[]',
    }),
    judge: (answer) => {
      if (answer.status === 401)
        return {
          ...BAD_KEY,
          code: 'http-401',
          reason: 'the licence key is not known there',
          hint: 'copy it from API keys, of the type INGEST - LICENSE; one of the EU begins with eu01',
        }
      if (answer.status !== 200) return otherwise(answer)
      const said = objectIn(answer)
      // Denied with 200: the protocol says so in its body.
      if ('exception' in said)
        return {
          ...BAD_KEY,
          code: 'denied',
          reason: 'the licence key was refused',
          hint: 'copy it from API keys, of the type INGEST - LICENSE',
        }
      return 'return_value' in said ? GOOD : otherwise({ ...answer, status: 0 })
    },
  },
}

const loggly: Recipe = {
  row: rowOf('loggly'),
  parts: [
    {
      name: 'token',
      looks: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      means: 'a customer token is 32 hexadecimal digits in five groups; Source Setup shows it',
    },
  ],
  call: null, // Every call with a token writes an event.
}

/** https://docs.x.com/x-api/users/get-me with OAuth 1.0a (RFC 5849). One of a few calls a day: asked once, never again by itself. */
const twitter: Recipe = {
  row: rowOf('twitter'),
  parts: ['key', 'secret', 'token', 'token_secret'].map((name) => ({
    name,
    looks: /^[\w-]{15,128}$/,
    means: 'the page Keys and tokens of the app shows all four: API key and secret, access token and secret',
  })),
  call: {
    request: (keys, { host, nonce, seconds }) => ({
      method: 'GET',
      target: '/2/users/me',
      headers: { host, accept: 'application/json', authorization: oauth(keys, 'https://api.x.com/2/users/me', nonce, seconds) },
    }),
    judge: (answer) => {
      if (answer.status === 401)
        return {
          ...BAD_KEY,
          code: 'http-401',
          reason: 'one of the four keys is wrong, or was made anew',
          hint: 'copy all four from Keys and tokens; and compare the clock: date -u',
        }
      if (answer.status === 403)
        return {
          ...BAD_KEY,
          failedAt: 'use',
          code: 'http-403',
          reason: 'the app may not read who it is',
          hint: 'look at the access level and the permissions of the app',
        }
      if (answer.status !== 200) return otherwise(answer)
      const found: unknown = objectIn(answer)['data']
      const who = typeof found === 'object' && found !== null ? Object.fromEntries(Object.entries(found)) : {}
      return { ok: true, account: { id: textOf(who['id']), name: textOf(who['username']) }, isSandbox: null }
    },
  },
}

/** RFC 5849, 3.4: the signature over method, address and the parameters of the header. */
export function oauth(keys: Keys, url: string, nonce: string, seconds: number): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const parameters: readonly (readonly [string, string])[] = [
    ['oauth_consumer_key', secretOf(keys, 'key')],
    ['oauth_nonce', nonce],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', `${seconds}`],
    ['oauth_token', secretOf(keys, 'token')],
    ['oauth_version', '1.0'],
  ]
  const normal = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  const base = ['GET', encode(url), encode(normal)].join('&')
  const signature = createHmac('sha1', `${encode(secretOf(keys, 'secret'))}&${encode(secretOf(keys, 'token_secret'))}`)
    .update(base)
    .digest('base64')
  return `OAuth ${[...parameters, ['oauth_signature', signature] as const].map(([name, value]) => `${encode(name)}="${encode(value)}"`).join(', ')}`
}

const googlemaps: Recipe = {
  row: rowOf('googlemaps'),
  parts: [
    {
      name: 'token',
      looks: /^AIza[\w-]{35}$/,
      means: 'an API key begins with AIza and has 39 characters; Credentials of the project shows it',
    },
  ],
  call: null, // Each call that tells something is billed.
}

/** https://www.last.fm/api/show/chart.getTopArtists, https://www.last.fm/api/errorcodes */
const lastfm: Recipe = {
  row: rowOf('lastfm'),
  parts: [{ name: 'token', looks: /^[0-9a-f]{32}$/i, means: 'an API key has 32 hexadecimal digits; the page API accounts shows it' }],
  call: {
    request: (keys, { host }) => ({
      method: 'GET',
      target: `/2.0/?method=chart.gettopartists&limit=1&format=json&api_key=${encodeURIComponent(secretOf(keys, 'token'))}`,
      headers: { host, accept: 'application/json' },
    }),
    judge: (answer) => {
      const said = objectIn(answer)
      switch (said['error']) {
        case undefined:
          return answer.status === 200 && 'artists' in said ? GOOD : otherwise(answer)
        case 10:
          return { ...BAD_KEY, code: 'lastfm-10', reason: 'the API key is not known there', hint: 'copy it from API accounts' }
        case 26:
          return { ...BAD_KEY, code: 'lastfm-26', reason: 'the API key is suspended', hint: 'ask Last.fm why' }
        case 29:
          return {
            ok: false,
            failedAt: 'use',
            class: 'transient',
            code: 'lastfm-29',
            reason: 'too many calls were made with this key',
            hint: 'wait a minute',
          }
        case 8:
        case 11:
        case 16:
          return {
            ok: false,
            failedAt: 'use',
            class: 'transient',
            code: `lastfm-${textOf(said['error'])}`,
            reason: 'the API is out of order for the moment',
            hint: 'wait',
          }
        default:
          return {
            ok: false,
            failedAt: 'use',
            class: 'permanent',
            code: `lastfm-${textOf(said['error']).slice(0, 8)}`,
            reason: 'the API refused the call',
            hint: 'look the code up: https://www.last.fm/api/errorcodes',
          }
      }
    },
  },
}

/** What a status means that is none of the recipe's own. */
export function otherwise({ status, headers }: HttpAnswer): Judged {
  const again = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? `wait ${headers['retry-after']} s` : 'wait'
  if (status === 429)
    return {
      ok: false,
      failedAt: 'use',
      class: 'transient',
      code: 'http-429',
      reason: 'too many calls were made: the limit is reached',
      hint: again,
    }
  if (status >= 500)
    return {
      ok: false,
      failedAt: 'use',
      class: 'transient',
      code: `http-${status}`,
      reason: `the API is out of order (status ${status})`,
      hint: again,
    }
  if (status === 401 || status === 403)
    return { ...BAD_KEY, code: `http-${status}`, reason: `the key is not let in (status ${status})`, hint: 'check it' }
  return {
    ok: false,
    failedAt: 'speak',
    class: 'permanent',
    code: 'protocol',
    reason: `the answer is not what the API would say${status === 0 ? '' : ` (status ${status})`}`,
    hint: 'is that really its host?',
  }
}

export const RECIPES: readonly Recipe[] = [postmark, newrelic, loggly, twitter, googlemaps, lastfm]
