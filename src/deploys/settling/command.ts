import type { CommandLine } from '../../domain/deploy.ts'
import { isAttachError } from '../../domain/errors.ts'
import type { CommandEnd, CommandRun, Host } from '../../ports/host.ts'
import type { Reporter } from '../../ports/reporter.ts'
import { removeHookRecord, writeHookRecord } from '../../stores/hook-record.ts'
import { clearOrphan } from './orphan.ts'

/** How the commands of one round are run. */
export interface Running extends Pick<CommandRun, 'folder' | 'env' | 'graceMs' | 'signal'> {
  readonly host: Host
  readonly reporter: Reporter
  /** Where it is recorded what runs. */
  readonly record: string
  /** Makes a printed line fit to be shown. */
  readonly clean: (line: string) => string
}

export interface Limits {
  readonly timeoutMs: number
  /** As it is called in attach.yaml: `timeout of hook`. Null: it is only what is left of a longer time. */
  readonly name: string | null
  /** How the command is called in what is said of its step: `it`, `its command`. */
  readonly subject: string
}

/** How a run ended. `why`: what was wrong with it; null, nothing was. */
export interface RunEnd {
  readonly why: string | null
  readonly outputOpen: boolean
}

/** Runs a command once nothing of an earlier one is in its way, with its process on record as long as it runs. Never rejects for what the command does. */
export async function runRecorded(line: CommandLine, running: Running, limits: Limits, prints: (line: string) => void): Promise<RunEnd> {
  const { host, record, graceMs } = running
  const inTheWay = await clearOrphan({ ...running, waitMs: limits.timeoutMs })
  if (inTheWay !== null) return { why: inTheWay, outputOpen: false }
  const end = await host.run({
    ...running,
    line,
    graceMs,
    timeoutMs: limits.timeoutMs,
    prints,
    begins: (identity) => writeHookRecord(record, { ...identity, host: host.actor.host }, host),
  })
  const isOver = !('gone' in end) || end.gone
  if (isOver) forget(record)
  const why = whyOf(end, limits)
  return { why: why === null ? null : `${limits.subject} ${why}`, outputOpen: end.outputOpen }
}

/** One that stays names a process that is gone: whoever reads it drops it. */
function forget(record: string): void {
  try {
    removeHookRecord(record)
  } catch (error) {
    if (!isAttachError(error, 'UNAVAILABLE')) throw error
  }
}

function whyOf(end: CommandEnd, { timeoutMs, name }: Limits): string | null {
  switch (end.how) {
    case 'exit':
      return end.status === 0 ? null : `ended with exit status ${end.status}${MEANING[end.status] ?? ''}`
    case 'signal':
      return `was ended by ${end.signal}`
    case 'timeout':
      return `did not end in ${seconds(timeoutMs)} s${name === null ? '' : ` (${name} in attach.yaml)`} and ${end.gone ? 'was ended' : 'could not be ended'}`
    case 'stopped':
      return end.gone ? 'was interrupted' : 'was interrupted and could not be ended'
    case 'not started':
      return `could not be started: ${end.code}`
  }
}

/** As shells say it. */
const MEANING: Readonly<Record<number, string>> = { 126: ': a program could not be run', 127: ': a program was not found' }

const seconds = (ms: number): number => Math.round(ms / 100) / 10
