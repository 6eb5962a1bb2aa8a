import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { Live } from '../probe.ts'
import { draining, durable, identity, jobSize, leftBehind, tubes, version } from './compare.ts'
import { type BeanstalkdFacts, factsSchema, surveyBeanstalkd } from './survey.ts'

export const guards = guardsOf<BeanstalkdFacts>(
  'beanstalkd',
  Object.values(COMPARED),
  [draining, leftBehind, durable, jobSize, version, tubes, identity],
  factsSchema,
)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveyBeanstalkd(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})
