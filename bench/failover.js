import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from './sources.js'

/**
 * A deploy on a real PostgreSQL, and three candidates for it: a dead port, a standby, and the other database.
 * Null where PostgreSQL is not installed.
 */
export async function deployToFailOver(folder) {
  const { havePostgres, startPostgres, freePort } = await load('test/support/postgres.ts', 'test/support/ports.ts')
  if (!havePostgres()) return null
  const server = await startPostgres()
  const standby = await server.standby()
  const names = ['one', 'two']
  for (const name of names) await server.sql(`create database ${name}`)
  mkdirSync(folder)
  const handles = names.map((database) => server.url({ database }))
  writeFileSync(join(folder, '.env'), `DATABASE_URL=${handles[0]}\n`, { mode: 0o600 })
  const dead = `postgres://app@127.0.0.1:${await freePort()}/app`
  let at = 0
  return {
    /** One failover to the database that does not stand there. */
    failOver: (attach) => {
      at = 1 - at
      return failover(attach, folder, [dead, standby.url(), handles[at]])
    },
    stop: async () => {
      await standby[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/**
 * From the start of the command to its end, with the config committed.
 * @returns {{ wall: number, own: number }} milliseconds: all of it, and what is left of it without its slowest probe
 */
function failover(attach, folder, candidates) {
  const words = [attach, 'failover', 'DATABASE_URL', '--to', '-', '--allow', 'failover.quiet', '--json']
  const start = performance.now()
  const { status, stdout } = spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: 'utf8',
    input: `${candidates.join('\n')}\n`,
    env: { ...process.env, HOME: folder },
  })
  const wall = performance.now() - start
  if (status !== 0) throw new Error(`failover exited with ${status}: ${stdout.trim()}`)
  const slowest = Math.max(...JSON.parse(stdout).probes.map(({ report }) => report.totalMs)) // Asked at the same time.
  return { wall, own: wall - slowest }
}
