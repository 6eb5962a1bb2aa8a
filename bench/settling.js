import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'

const START_MS = 5_000

/** A Redis of the bench's own on a free port of 127.0.0.1, or null where none is installed. */
export async function startRedis(folder) {
  const port = await freePort()
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', words, { stdio: 'ignore' })
  const failed = new Promise((resolve) => server.once('error', () => resolve(false)))
  const answers = Promise.race([failed, answering(port)])
  if (await answers) return { port, stop: () => server.kill() }
  server.kill()
  return null
}

/** A deploy whose hook and health are as quick as a command can be. */
export function deployWithHook(folder, port) {
  mkdirSync(folder)
  writeFileSync(join(folder, '.env'), `REDIS_URL=redis://127.0.0.1:${port}/0\n`, { mode: 0o600 })
  const health = '{ run: ["true"], successes: 1 }'
  writeFileSync(join(folder, 'attach.yaml'), `deploys:\n  bench:\n    config: .env\n    hook: ["true"]\n    health: ${health}\n`)
}

/**
 * One swap to another database of the same server.
 * @returns {{ wall: number, own: number }} milliseconds: all of it, and what is left of it without probe, hook and health
 */
export function swap(attach, folder, handle) {
  const start = performance.now()
  const words = [attach, 'swap', `REDIS_URL=${handle}`, '--trust', '--json']
  const { status, stdout } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8', env: { ...process.env, HOME: folder } })
  const wall = performance.now() - start
  if (status !== 0) throw new Error(`swap exited with ${status}: ${stdout.trim()}`)
  const { probes, settling } = JSON.parse(stdout)
  const probing = Math.max(...probes.map(({ report }) => report.totalMs)) // Asked at the same time.
  const settled = settling.steps.reduce((sum, { ms }) => sum + ms, 0)
  return { wall, own: wall - probing - settled }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function answering(port) {
  for (const until = performance.now() + START_MS; performance.now() < until; ) {
    const isUp = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isUp) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
