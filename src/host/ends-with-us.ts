import process from 'node:process'
import { signalGroup } from './process-group.ts'

/** The groups of commands that have not ended. However this process ends, but for a SIGKILL, they end first. */
const groups = new Set<number>()
let isListening = false

export function endsWithUs(group: number): void {
  if (!isListening) process.on('exit', endAll)
  isListening = true
  groups.add(group)
}

/** It is over, or what is left of it is the app. */
export const outlivesUs = (group: number): unknown => groups.delete(group)

function endAll(): void {
  for (const group of groups) signalGroup(group, 'SIGKILL')
}
