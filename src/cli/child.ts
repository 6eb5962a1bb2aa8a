import type { Ended } from '../ports/host.ts'
import { isPlain } from './line.ts'
import type { Said } from './session.ts'

const NOT_FOUND = 127
const NOT_RUN = 126

/** How a command of the caller ended, or what the system says when it does not begin one, as env(1) tells it by its exit. */
export function saidOf(ended: Ended, program: string): Pick<Said, 'exit' | 'error'> {
  if (ended.by === 'exit') return { exit: ended.code }
  if (ended.by === 'signal') return { exit: 128 + ended.number }
  const name = isPlain(program) ? `"${program}"` : 'the command'
  const failed = (exit: number, message: string, hint: string): Pick<Said, 'exit' | 'error'> => ({
    exit,
    error: { code: 'USAGE', message: `${name} ${message}; nothing was run`, hint },
  })
  switch (ended.code) {
    case 'ENOENT':
      return failed(NOT_FOUND, 'was not found: expected a path, or a program in PATH', 'command -v PROGRAM')
    case 'EACCES':
      return failed(NOT_RUN, 'is not executable for this user', 'chmod +x PROGRAM')
    case 'E2BIG':
      return failed(NOT_RUN, 'cannot be run: its arguments and variables are more than the system takes', 'getconf ARG_MAX')
    default:
      return failed(NOT_RUN, `cannot be run (${ended.code})`, 'run it without attach to see why')
  }
}
