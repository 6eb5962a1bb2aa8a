import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import type { Live } from '../probe.ts'
import { COMPARED } from './checks.ts'
import * as judges from './compare.ts'
import { factsSchema, type S3Facts } from './sides.ts'
import { surveyS3 } from './survey.ts'

/** In the order of the table. */
export const guards = guardsOf<S3Facts>(
  's3',
  Object.values(COMPARED),
  [
    ...[judges.bucket, judges.account, judges.region, judges.listing, judges.newest, judges.versioning, judges.encryption],
    ...[judges.cors, judges.lifecycle, judges.publicAccess, judges.objectLock, judges.clock],
  ],
  factsSchema,
)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveyS3(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})
