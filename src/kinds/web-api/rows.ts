import type { VariableSet } from '../../domain/variables.ts'

/** What is known of a web API before its recipe is loaded. */
export interface WebApiRow {
  readonly name: string
  readonly product: string
  /** Where it answers. */
  readonly host: string
  readonly usualKey: string
  readonly variables: readonly VariableSet[]
}

/** Each is reached with nothing but keys. https://12factor.net/backing-services names them. */
export const WEB_APIS: readonly WebApiRow[] = [
  {
    name: 'postmark',
    product: 'Postmark',
    host: 'api.postmarkapp.com',
    usualKey: 'POSTMARK_API_TOKEN',
    variables: [
      { parts: { token: ['POSTMARK_API_TOKEN', 'POSTMARK_SERVER_TOKEN', 'POSTMARK_API_KEY', 'POSTMARK_TOKEN'] }, needs: ['token'] },
    ],
  },
  {
    name: 'newrelic',
    product: 'New Relic',
    host: 'collector.newrelic.com',
    usualKey: 'NEW_RELIC_LICENSE_KEY',
    variables: [{ parts: { token: ['NEW_RELIC_LICENSE_KEY', 'NEWRELIC_LICENSE_KEY'] }, needs: ['token'] }],
  },
  {
    name: 'loggly',
    product: 'Loggly',
    host: 'logs-01.loggly.com',
    usualKey: 'LOGGLY_TOKEN',
    variables: [{ parts: { token: ['LOGGLY_TOKEN', 'LOGGLY_CUSTOMER_TOKEN'] }, needs: ['token'] }],
  },
  {
    name: 'twitter',
    product: 'X',
    host: 'api.x.com',
    usualKey: 'TWITTER_CONSUMER_KEY',
    variables: [
      {
        parts: {
          key: ['TWITTER_CONSUMER_KEY', 'TWITTER_API_KEY', 'X_API_KEY'],
          secret: ['TWITTER_CONSUMER_SECRET', 'TWITTER_API_SECRET', 'TWITTER_API_SECRET_KEY', 'X_API_SECRET'],
          token: ['TWITTER_ACCESS_TOKEN', 'TWITTER_OAUTH_TOKEN', 'X_ACCESS_TOKEN'],
          token_secret: ['TWITTER_ACCESS_TOKEN_SECRET', 'TWITTER_ACCESS_SECRET', 'TWITTER_OAUTH_TOKEN_SECRET', 'X_ACCESS_TOKEN_SECRET'],
        },
        needs: ['key', 'secret', 'token', 'token_secret'],
      },
    ],
  },
  {
    name: 'googlemaps',
    product: 'Google Maps',
    host: 'maps.googleapis.com',
    usualKey: 'GOOGLE_MAPS_API_KEY',
    variables: [{ parts: { token: ['GOOGLE_MAPS_API_KEY', 'GOOGLE_MAPS_KEY', 'GMAPS_API_KEY'] }, needs: ['token'] }],
  },
  {
    name: 'lastfm',
    product: 'Last.fm',
    host: 'ws.audioscrobbler.com',
    usualKey: 'LASTFM_API_KEY',
    variables: [{ parts: { token: ['LASTFM_API_KEY', 'LAST_FM_API_KEY'] }, needs: ['token'] }],
  },
]

/** Canonical first; the second reaches a stand-in or a proxy on a safe way, without TLS. */
export const schemesOf = (name: string): readonly string[] => [name, `${name}+http`]
