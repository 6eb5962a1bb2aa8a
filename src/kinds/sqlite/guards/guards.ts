import type { Session } from '../../../ports/kind.ts'
import { guardsOf } from '../../comparing.ts'
import { letGo } from '../disk.ts'
import type { Live } from '../probe.ts'
import { COMPARED } from './checks.ts'
import { application, encoding, identity, mode, page, size, version } from './content.ts'
import { access, ephemeral, network, walLeft } from './surroundings.ts'
import { factsSchema, type SqliteFacts, surveySqlite } from './survey.ts'

/** In the order of the table. */
const JUDGES = [access, version, application, size, walLeft, encoding, mode, ephemeral, network, identity, page]

export const guards = guardsOf<SqliteFacts>('sqlite', Object.values(COMPARED), JUDGES, factsSchema)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => surveySqlite(live, context),
  [Symbol.asyncDispose]: async () => letGo(live.file),
})
