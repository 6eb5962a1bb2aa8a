import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import { closeAll, type Live } from '../probe.ts'
import { cold, evictions, identity, limits, nodes, sasl, version } from './compare.ts'
import { factsSchema, type MemcachedFacts, surveyMemcached } from './survey.ts'

export const guards = guardsOf<MemcachedFacts>(
  'memcached',
  Object.values(COMPARED),
  [nodes, sasl, version, limits, evictions, cold, identity],
  factsSchema,
)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveyMemcached(live, context),
  [Symbol.asyncDispose]: async () => closeAll(live),
})
