import { spawnSync } from 'node:child_process'

/**
 * Runs every case once per round, so that whatever else the machine does meets all of them alike.
 * @param {Record<string, () => void>} cases
 * @returns {Record<string, number>} the median of each, in milliseconds
 */
export function interleave(cases, rounds) {
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
  for (const act of Object.values(cases)) act() // Once for nothing: caches are warm for all.
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, act] of Object.entries(cases)) {
      const start = performance.now()
      act()
      times[name].push(performance.now() - start)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Runs node with these words and no output; throws when it does not exit with 0: a failure is often quick. */
export function node(args, cwd) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.slice(0, 3).join(' ')} … exited with ${status}: ${stderr.trim()}`)
}
