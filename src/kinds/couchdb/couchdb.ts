import type { Kind } from '../../ports/kind.ts'
import { COUCHDB_SCHEMES, type CouchDB, identifyCouchDB, parseCouchDB, traitsOfCouchDB } from './handle.ts'
import { compose, decompose, replaceParts } from './parts.ts'

/** Apache CouchDB, and what speaks its API: IBM Cloudant, PouchDB Server. https://docs.couchdb.org/en/stable/api/index.html */
export const couchdb: Kind<CouchDB> = {
  name: 'couchdb',
  schemes: COUCHDB_SCHEMES,
  usualKey: 'COUCHDB_URL',
  depth: 'use',
  parse: parseCouchDB,
  identify: identifyCouchDB,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfCouchDB,
  probe: async (resource, context) => (await import('./probe.ts')).probeCouchDB(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openCouchDB(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose,
  decompose,
}

export default couchdb
