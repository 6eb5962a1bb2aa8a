import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'any web service',
  forms: [
    ['https://HOST/PATH', 'path and query are never shown: they may hold a token'],
    ['https://USER:PASSWORD@HOST:8443/PATH', 'with a login (Basic)'],
    ['http://HOST:8080/PATH', 'plain text'],
  ],
  tls: [
    ['http', 'plain text'],
    ['https', 'the chain and the host name are checked'],
  ],
  probed: [
    'the certificate',
    'one HEAD of the very address, and its status: 401 is a login that is missing or wrong, 429 and 5xx may pass',
  ],
  notProbed: ['whether the service does its work: it is called reachable, never healthy', 'no redirect is followed, no proxy is asked'],
  notRunHere: ['everything was run, against a server of Node'],
}
