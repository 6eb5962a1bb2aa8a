import type { core } from 'zod'
import type { SurveyContext } from '../../../../ports/kind.ts'
import type { Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { askCollation, collationShape } from './collation.ts'
import { askConnections, connectionsShape } from './connections.ts'
import { askExtensions, extensionsShape } from './extensions.ts'
import { askIdentity, identityShape } from './identity.ts'
import { askLeft, leftShape } from './left.ts'
import { askLocale, localeShape } from './locale.ts'
import { askProgress, progressShape } from './progress.ts'
import { askRole, roleShape } from './role.ts'
import { askSettings, settingsShape } from './settings.ts'
import { askSize, sizeShape } from './size.ts'
import { askStanding, standingShape } from './standing.ts'
import { askVersion, versionShape } from './version.ts'

export { resourceOf } from './identity.ts'
export { positionOf } from './progress.ts'
export { roundTrip } from './round-trip.ts'

/** What the server says of itself, as it is kept in a baseline. */
export const serverSchema = (z: Zod) =>
  z.strictObject({
    ...standingShape(z),
    ...identityShape(z),
    ...versionShape(z),
    ...localeShape(z),
    ...collationShape(z),
    ...extensionsShape(z),
    ...settingsShape(z),
    ...roleShape(z),
    ...connectionsShape(z),
    ...leftShape(z),
    ...sizeShape(z),
    ...progressShape(z),
  })

export type ServerFacts = core.output<ReturnType<typeof serverSchema>>

/** All but how far its data go: that is asked last. */
export async function surveyServer(questions: Questions): Promise<Omit<ServerFacts, keyof Progress>> {
  const version = await askVersion(questions)
  return {
    ...(await askStanding(questions)),
    ...(await askIdentity(questions)),
    ...version,
    ...(await askLocale(questions)),
    ...(await askCollation(questions, version.version)),
    ...(await askExtensions(questions)),
    ...(await askSettings(questions)),
    ...(await askRole(questions)),
    ...(await askConnections(questions)),
    ...(await askLeft(questions)),
    ...(await askSize(questions)),
  }
}

type Progress = Pick<ServerFacts, 'progress' | 'forks'>

/** How far its data go. */
export const surveyProgress = (
  questions: Questions,
  context: SurveyContext,
  { timeline }: Pick<ServerFacts, 'timeline'>,
): Promise<Progress> => askProgress(questions, context, timeline)
