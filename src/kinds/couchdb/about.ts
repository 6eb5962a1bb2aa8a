import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'Apache CouchDB, IBM Cloudant, PouchDB Server',
  forms: [
    ['couchdb://USER:PASSWORD@HOST:5984/NAME', 'a database; without a port 5984'],
    ['couchdbs://USER:PASSWORD@HOST:6984/NAME', 'the same over TLS; without a port 6984, and 443 for IBM Cloudant'],
    [
      'http://USER:PASSWORD@HOST:5984/NAME',
      'a web address is one of CouchDB where its port is 5984 or 6984; elsewhere with --kind couchdb',
    ],
    ['https://USER:PASSWORD@ACCOUNT.cloudant.com/NAME', 'a web address is one of CouchDB where its host is of IBM Cloudant'],
    ['couchdb://USER:PASSWORD@HOST', 'a server; the app names its databases'],
    ['couchdb://HOST/a%2Fb', 'a / in the name of a database is written %2F'],
  ],
  tls: [
    ['couchdbs:// https://', 'encrypted, chain and host name are checked'],
    ['couchdb:// http://', 'not encrypted: user, password and documents can be read on the way'],
  ],
  probed: [
    'GET / without a login: the welcome of the server, and its version; a server that lets in nobody says so here already',
    'GET /_session with user and password (Basic): whether the server knows this user',
    'GET /NAME: whether the database is there and this user may read it; its count of documents',
    'Two databases are compared by those answers, by the names and revisions of their design documents, and by _security',
  ],
  notProbed: [
    'Whether an ordinary user may write: validations are code of the app, and only a write tells; of an admin of the server it is told',
    'Documents, views and indexes: none is read, and none is built; replications and tasks are not asked for',
    'Cookie, proxy and JWT logins, and IAM keys of Cloudant: user and password are sent as Basic alone',
    'A server behind a path (https://HOST/couch/NAME), client certificates, and authorities that Node does not know',
    'CouchDB 2 tells no uuid: whether two handles lead to one database is not known there',
    'After the first 1,000 design documents none is compared',
  ],
  notRunHere: [
    'CouchDB itself, which Debian does not package, and IBM Cloudant: what they answer is taken from the public documentation, and sent by a stand-in',
    'Probes, logins, rights and comparisons ran against PouchDB Server 4.2, which speaks the same API and has neither shards nor partitions',
  ],
}
