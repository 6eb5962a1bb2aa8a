import { at, Names } from './names.ts'
import { World } from './world.ts'

/** Thrown out of a run that reached a state whose futures are already explored. */
class Seen extends Error {
  readonly schedules: number
  constructor(schedules: number) {
    super('seen')
    this.schedules = schedules
  }
}

interface Node {
  pick: number
  schedules: number
  readonly of: number
  readonly given: number
  readonly state: string | undefined
}

/** How many runs an exploration took, and how many schedules they stand for. */
export interface Explored {
  readonly runs: number
  readonly schedules: number
}

/** Depth-first over every schedule and every placement of up to `faults` faults. Two prefixes that end in the same state are continued once. */
export async function explore(faults: number, scenario: (world: World) => Promise<void>): Promise<Explored> {
  const names = new Names()
  Error.stackTraceLimit = 0 // Thousands of refusals a second, none of them read by anyone.
  const path: Node[] = []
  const seen = new Map<string, number>()
  for (let runs = 1; ; runs += 1) {
    let depth = 0
    const world = new World(
      (of, state) => {
        if (depth === path.length) {
          const schedules = state === undefined ? undefined : seen.get(state)
          if (schedules !== undefined) throw new Seen(schedules)
          path.push({ pick: 0, schedules: 0, of, given: names.given, state })
        }
        return at(path, depth++).pick
      },
      names,
      faults,
    )
    let schedules = 1
    try {
      await scenario(world)
    } catch (error) {
      if (!(error instanceof Seen)) throw new Error(`run ${runs}: ${String(error)}\n  ${world.trace.join('\n  ')}`, { cause: error })
      schedules = error.schedules
    }
    for (let last = path.at(-1); ; last = path.at(-1)) {
      if (!last) return { runs, schedules }
      last.schedules += schedules
      last.pick += 1
      names.repeat(last.given)
      if (last.pick < last.of) break
      schedules = last.schedules
      if (last.state !== undefined) seen.set(last.state, schedules)
      path.pop()
    }
  }
}
