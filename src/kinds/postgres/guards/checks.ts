import type { Check } from '../../../domain/finding.ts'
import { CONTENT } from './content/checks.ts'
import { SERVER } from './server/checks.ts'

/** What is asked of a PostgreSQL that takes the place of another. In the order in which findings are told. */
export const POSTGRES: readonly Check[] = [...Object.values(SERVER), ...Object.values(CONTENT)]
