import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import type { Live } from '../probe.ts'
import { COMPARED } from './checks.ts'
import { access, cluster, design, docs, identity, partitioned, security, updateSeq, version } from './compare.ts'
import { type CouchFacts, factsSchema, surveyCouchDB } from './survey.ts'

/** In the order of the table. */
const JUDGES = [access, version, docs, design, security, partitioned, identity, cluster, updateSeq]

export const guards = guardsOf<CouchFacts>('CouchDB', Object.values(COMPARED), JUDGES, factsSchema)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveyCouchDB(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})
