import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { interleave, node } from './measure.js'
import { load } from './sources.js'

const CLIENTS = resolve(import.meta.dirname, 'clients')

/**
 * A probe of one handle as a whole command, against a script of ten lines that asks the same server through the driver that apps use.
 * @returns {Promise<readonly { service: string, against: string, probe: number, script: number, others: Record<string, number> }[]>} medians in
 * milliseconds; `others`: what the service's own programs take, where they are installed. A service that is not installed is left out.
 */
export async function probeOne(folder, attach, rounds) {
  const support = await load('test/support/postgres.ts', 'test/support/redis.ts', 'test/support/processes.ts')
  const { havePostgres, startPostgres, haveRedis, startRedis, findProgram } = support
  const services = [
    {
      ...{ service: 'PostgreSQL', against: 'pg, SELECT 1', client: 'pg.cjs', have: havePostgres, start: startPostgres },
      programs: (handle) => ({ psql: ['-X', '-c', 'select 1', handle], pg_isready: ['-d', handle] }),
    },
    {
      ...{ service: 'Redis', against: 'ioredis, PING', client: 'ioredis.cjs', have: haveRedis, start: startRedis },
      programs: (handle) => ({ 'redis-cli': ['-u', handle, 'ping'] }),
    },
  ]
  const measured = []
  for (const { service, against, client, have, start, programs } of services) {
    if (!have()) continue
    const server = await start()
    try {
      const handle = server.url()
      const cases = {
        probe: () => node([attach, 'probe', handle], folder),
        script: () => node([resolve(CLIENTS, client), handle], folder),
      }
      for (const [name, words] of Object.entries(programs(handle))) {
        const path = findProgram(name)
        if (path !== null) cases[name] = () => program(path, words)
      }
      const { probe, script, ...others } = interleave(cases, rounds)
      measured.push({ service, against, probe, script, others })
    } finally {
      await server[Symbol.asyncDispose]()
    }
  }
  return measured
}

function program(path, words) {
  const { status, stderr } = spawnSync(path, words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (status !== 0) throw new Error(`${path} exited with ${status}: ${stderr.trim()}`)
}
