import { describe, vi } from 'vitest'
import couchdb from '../../../src/kinds/couchdb/couchdb.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle contacted something')
  },
}))
vi.mock('node:dns', async (original) => ({ ...(await original<object>()), lookup: contact }))
vi.mock('node:dns/promises', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact }))
vi.mock('node:net', async (original) => ({ ...(await original<object>()), connect: contact, createConnection: contact }))
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), connect: contact }))

describe('malformed handles of CouchDB', () => {
  describeMalformed(couchdb, [
    ['', 'is empty'],
    ['couchdb://', 'names no host'],
    ['couchdb:///shop', 'names no host'],
    [`couchdb://app:${P}@/shop`, 'names no host'],
    [`couchdb://app:${P}@:5984/shop`, 'has a port and no host'],
    [`app:${P}@h:5984/shop`, 'has no scheme'],
    [`couchdb:app:${P}@h/shop`, 'has no // after its scheme'],
    [`couch://app:${P}@h/shop`, 'has another scheme than couchdb, couchdbs, http, https'],
    [`COUCHDB_URL=couchdb://app:${P}@h/shop`, 'begins with the name of a variable'],
    [`{"url":"http://app:${P}@h:5984"}`, 'is JSON'],
    [`'couchdb://app:${P}@h/shop'`, 'stands in quotes'],
    [`couchdb://app:${P}@h/shop\r\n`, 'ends with a line break'],
    [`couchdb://app:${P} @h/shop`, 'has a space in it'],
    [`couchdb://app:${P}\u200b@h/shop`, 'has an invisible character in it'],
    [`couchdb://app:${P}@${P}@h/shop`, 'has an unencoded @ in its user or password'],
    [`couchdb://app:${P}/${P}@h/shop`, 'has an unencoded / in its user or password'],
    [`couchdb://app:${P}#${P}@h/shop`, 'has an unencoded # in its user or password'],
    [`couchdb://app:${P}?${P}@h/shop`, 'has an unencoded ? in its user or password'],
    [`couchdb://app:${P}@h/shop#x`, 'has an unencoded #'],
    [`couchdb://app:${P}%@h/shop`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`couchdb://app:${P}%c3@h/shop`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`couchdb://app:${P}@h:0/shop`, 'has a port outside 1 to 65535'],
    [`couchdb://app:${P}@h:six/shop`, 'has a port that is not a number'],
    [`couchdb://app:${P}@h1,h2/shop`, 'names several hosts; one host only'],
    [`couchdb://app:${P}@-h/shop`, 'has a host that is no host name'],
    [`couchdb://${P}@h/shop`, 'has a user and no password'],
    [`couchdb://:${P}@h/shop`, 'has a password and no user'],
    [`couchdb://a%3Ab:${P}@h/shop`, 'has a : in its user, which cannot be said over HTTP'],
    [`couchdb://app:${P}@h/Shop`, 'has a database that CouchDB would not take'],
    [`couchdb://app:${P}@h/_all_dbs`, 'has a database that CouchDB would not take'],
    [`couchdb://app:${P}@h/9shop`, 'has a database that CouchDB would not take'],
    [`couchdb://app:${P}@h/shop/orders`, 'has more than one name in its path'],
    [`couchdb://app:${P}@h//`, 'has more than one name in its path'],
    ['couchdb://app:<password>@h/shop', 'has a placeholder instead of the password'],
    ['couchdb://app:***@h/shop', 'has a masked password, as tools print it'],
    [`couchdb://app:${P}@h/shop?ssl=true`, /^the handle asks about TLS in words that this kind does not have/],
    [`couchdb://app:${P}@h/shop?verify`, 'has a part of its query without ='],
  ])
})
