import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import { isatty } from 'node:tty'
import { AttachError } from '../domain/errors.ts'
import type { Ended, Foreground } from '../ports/host.ts'

/** Sent to one process by whoever means it: always handed on. */
const DIRECTED = ['SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const
/** A terminal sends these to all of its foreground group, and so to the command itself: handed on again, Ctrl-C would come twice. */
const OF_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGWINCH'] as const

/**
 * A child, for Node 20 cannot replace its own process. It stays in our process group and session: a terminal stays its terminal, and Ctrl-Z
 * (SIGTSTP) and `fg` (SIGCONT) stop and wake us both by what the system does by itself. We outlive it, whatever signals us but SIGKILL.
 */
export function runInForeground({ program, args, env, cwd, begun, signal }: Foreground): Promise<Ended> {
  if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted before the command began', { hint: 'run the command again' })
  const first = terminalNow()
  let child: ChildProcess | null = null
  for (const name of DIRECTED) process.on(name, () => child?.kill(name))
  for (const name of OF_TERMINAL) process.on(name, () => cameToAll(name, first) || child?.kill(name))
  return new Promise((resolve) => {
    try {
      child = spawn(program, args, { env, cwd, stdio: 'inherit' })
      begun()
      child.once('error', (error) => resolve({ by: 'failed', code: codeOf(error) }))
      child.once('exit', (code, by) => {
        if (by === null) resolve({ by: 'exit', code: code ?? 0 })
        else resolve({ by: 'signal', signal: by, number: constants.signals[by] })
      })
    } catch (error) {
      resolve({ by: 'failed', code: codeOf(error) }) // Node throws what it does not expect, such as E2BIG.
    }
  })
}

/** `reaches`: we are its foreground group. `none`: this session has no terminal, or it hung up. */
type Terminal = 'reaches' | 'elsewhere' | 'none'

/** A terminal that is gone has sent SIGHUP to its foreground group as its last word. */
function cameToAll(name: (typeof OF_TERMINAL)[number], first: Terminal): boolean {
  const now = terminalNow()
  return now === 'reaches' || (name === 'SIGHUP' && now === 'none' && first === 'reaches')
}

/** By pgrp, tty_nr and tpgid of proc(5). Where there is no /proc, a terminal on one of our streams is taken for one that reaches us. */
function terminalNow(): Terminal {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (terminal === '0') return 'none'
    return group === foreground ? 'reaches' : 'elsewhere'
  } catch {
    return [0, 1, 2].some((fd) => isatty(fd)) ? 'reaches' : 'none'
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
