import { recordOf } from '../../deploys/record.ts'
import { AttachError } from '../../domain/errors.ts'
import type { AloneCommand } from '../command.ts'
import { usageLine } from '../help.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { status } from './status.ts'

const EXAMPLES = ['attach DATABASE_URL=postgres://localhost/app', 'attach swap DATABASE_URL', 'attach help']

/** `attach` and nothing else: an overview for a person, a usage error for a script. */
export async function alone(command: AloneCommand, session: Session): Promise<Said> {
  if (!session.interactive) {
    if (!session.speaking.json) session.host.stderr.write(`${usageLine(null)}\n`)
    throw new AttachError('USAGE', 'nothing was asked for; expected KEY=HANDLE or a command', { hint: 'attach help' })
  }
  const deploy = await placeOf(command, session)
  const examples = `\n${EXAMPLES.map((line) => `  ${line}`).join('\n')}`
  if (!deploy.exists && recordOf(deploy, session.host) === null)
    return { deploy: deploy.name, exit: 0, outcome: 'unchanged', message: `nothing is attached here yet${examples}` }
  const said = await status({ ...command, verb: 'status', probe: false, reveal: false }, session)
  return { ...said, message: `${said.message ?? ''}${examples}`.replace(/^\n/, '') }
}
