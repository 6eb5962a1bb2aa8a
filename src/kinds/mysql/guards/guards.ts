import type { Survey } from '../../../domain/survey.ts'
import type { Session, SurveyContext } from '../../../ports/kind.ts'
import { Refused } from '../../asking.ts'
import { guardsOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import { type Live, leave } from '../probe.ts'
import { ServerRefused } from '../wire/greeting.ts'
import { autoIncrement } from './content/counters.ts'
import { engines } from './content/engines.ts'
import { events } from './content/events.ts'
import { age, migrations } from './content/history.ts'
import { newestOf } from './content/newest.ts'
import { objects } from './content/objects.ts'
import { empty, shrunken } from './content/rows.ts'
import { surveyContent } from './content/survey.ts'
import { charset } from './content/text.ts'
import { Questions } from './questions.ts'
import { auth, grants, surveyAccount } from './server/account.ts'
import { capacity } from './server/capacity.ts'
import { gtid, positionOf } from './server/gtid.ts'
import { nameCase, packet, settings, sqlMode, timeZone } from './server/settings.ts'
import { identity, readOnly, role, state } from './server/standing.ts'
import { identityOf, surveyServer } from './server/survey.ts'
import { version } from './server/version.ts'
import { factsSchema, type MySqlFacts } from './sides.ts'

/** In the order of the table. */
const JUDGES = [
  ...[role, readOnly, state, identity, version, gtid],
  ...[objects, engines, empty, shrunken, autoIncrement, migrations, age, charset],
  ...[sqlMode, nameCase, timeZone, settings, packet, grants, auth, capacity, events],
]

export const guards = guardsOf<MySqlFacts>('MySQL', Object.values(COMPARED), JUDGES, factsSchema)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => survey(live, context),
  [Symbol.asyncDispose]: async () => leave(live.session, live.socket),
})

async function survey(live: Live, context: SurveyContext): Promise<Survey> {
  const questions = new Questions(live, context)
  const roundTripMs = await questions.asking.roundTrip(async (exchange) => {
    try {
      await live.session.ping(exchange)
    } catch (error) {
      throw error instanceof ServerRefused ? new Refused('the server refuses a ping') : error
    }
  })
  // What the app's sessions begin with comes first: then ours is made to read only.
  const server = await surveyServer(questions)
  const account = await surveyAccount(questions)
  await questions.settle()
  const content = await surveyContent(questions, server.database)
  const facts: MySqlFacts = { server, account, content }
  return {
    kind: 'mysql',
    takenAt: new Date(context.today()).toISOString(),
    resource: identityOf(server),
    roundTripMs,
    position: positionOf(server),
    newest: await newestOf(questions, context.fresh, server.database),
    facts,
  }
}
