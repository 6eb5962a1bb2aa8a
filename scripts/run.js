import { spawn } from 'node:child_process'

/**
 * Runs one command with this process's own stdout and stderr and no stdin.
 * @returns {Promise<{ code: number, seconds: number }>} code: the exit code, 128 + n after signal n, 124 when `timeoutMs` passed, 127 when it is not there.
 */
export function run(command, args, { timeoutMs = 0, ...options } = {}) {
  const start = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
    let late = false
    const timer = timeoutMs > 0 ? setTimeout(() => end(), timeoutMs) : null
    const end = () => {
      late = true
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
    }
    const done = (code) => {
      if (timer) clearTimeout(timer)
      resolve({ code: late ? 124 : code, seconds: (performance.now() - start) / 1_000 })
    }
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.code === 'ENOENT' ? 'not found' : error.message}\n`)
      done(127)
    })
    child.on('exit', (code, signal) => done(code ?? 128 + (SIGNALS[signal] ?? 0)))
  })
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }
