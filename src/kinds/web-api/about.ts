import type { KindAbout } from '../../ports/kind.ts'

const TLS: KindAbout['tls'] = [
  ['NAME', 'the chain and the host name are checked'],
  ['NAME+http', 'plain text, for a proxy on a safe way'],
]
const STAND_IN = 'the API itself: a stand-in that was written from its public documentation stands for it'
const SHAPE = 'whether the key is good: only its shape and the way there are looked at'

/** By the name of the kind. */
export const abouts: Readonly<Record<string, KindAbout>> = {
  postmark: {
    product: 'Postmark, by its API',
    forms: [['postmark://TOKEN@api.postmarkapp.com', 'usually a variable alone; mail by SMTP is of the kind smtp']],
    tls: TLS,
    probed: ['GET /server with the token: whose server it is, and whether it delivers'],
    notProbed: ['whether a sender is confirmed'],
    notRunHere: [STAND_IN],
  },
  newrelic: {
    product: 'New Relic',
    forms: [['newrelic://LICENSE_KEY@collector.newrelic.com', 'a key that begins with a region (eu01) leads to the collector there']],
    tls: TLS,
    probed: ['preconnect, the first call of the agents: it asks which collector to speak to, and begins nothing'],
    notProbed: ['whether data arrive'],
    notRunHere: [STAND_IN],
  },
  loggly: {
    product: 'Loggly',
    forms: [['loggly://TOKEN@logs-01.loggly.com', 'usually a variable alone']],
    tls: TLS,
    probed: ['the certificate'],
    notProbed: [SHAPE, 'every call with a token writes an event'],
    notRunHere: [STAND_IN],
  },
  twitter: {
    product: 'X (Twitter)',
    forms: [['twitter://KEY:SECRET@api.x.com?token=TOKEN&token_secret=SECRET', 'usually four variables']],
    tls: TLS,
    probed: ['GET /2/users/me, signed (OAuth 1.0a): whose keys they are. It counts against a limit of few calls a day, and is made once'],
    notProbed: ['what the app may do'],
    notRunHere: [STAND_IN, 'keys of an app alone (bearer)'],
  },
  googlemaps: {
    product: 'Google Maps',
    forms: [['googlemaps://KEY@maps.googleapis.com', 'usually a variable alone']],
    tls: TLS,
    probed: ['the certificate'],
    notProbed: [SHAPE, 'every call that tells something is billed'],
    notRunHere: [STAND_IN],
  },
  lastfm: {
    product: 'Last.fm',
    forms: [['lastfm://KEY@ws.audioscrobbler.com', 'usually a variable alone']],
    tls: TLS,
    probed: ['chart.getTopArtists with a limit of 1: an error in an answer of status 200 is understood'],
    notProbed: ['sessions of users'],
    notRunHere: [STAND_IN],
  },
}
