import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import type { Live } from '../probe.ts'
import { COMPARED } from './checks.ts'
import { listing, newest } from './compare/content.ts'
import { account, bucket, clock, region } from './compare/place.ts'
import { cors, encryption, lifecycle, objectLock, publicAccess, versioning } from './compare/settings.ts'
import { factsSchema, type S3Facts } from './sides.ts'
import { surveyS3 } from './survey.ts'

/** In the order of the table. */
export const guards = guardsOf<S3Facts>(
  's3',
  Object.values(COMPARED),
  [bucket, account, region, listing, newest, versioning, encryption, cors, lifecycle, publicAccess, objectLock, clock],
  factsSchema,
)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveyS3(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})
