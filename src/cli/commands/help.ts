import type { HelpCommand } from '../command.ts'
import { helpText } from '../help.ts'
import type { Said, Session } from '../session.ts'

/** The help of one verb, or of all. */
export const help = ({ topic }: HelpCommand, { host }: Session): Said => ({
  exit: 0,
  outcome: 'unchanged',
  message: helpText(topic, { columns: host.stdout.columns }).trimEnd(),
})
