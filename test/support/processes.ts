import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The first of these programs that is installed. Folders after PATH may hold one `*`. */
export function findProgram(name: string, folders: readonly string[] = []): string | null {
  const all = [...(process.env['PATH'] ?? '').split(delimiter), ...folders.flatMap(expanded)]
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

function expanded(folder: string): readonly string[] {
  const [before, after] = folder.split('*')
  if (before === undefined || after === undefined) return [folder]
  if (!existsSync(before)) return []
  const versions = readdirSync(before).sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
  return versions.map((version) => join(before, version, after))
}

/** Runs a program to its end. Throws with what it wrote when it fails. */
export function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
    })
    child.stderr?.on('data', (chunk) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${program} ended with ${code}: ${text.slice(-2000)}`))))
  })
}

/** Ends one process, which we started, and waits until it is gone. */
export function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const harder = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.once('close', () => {
      clearTimeout(harder)
      resolve()
    })
    child.kill(signal)
  })
}

/** Tries until it succeeds. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, ms = 20_000): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what} did not happen in ${ms} ms`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** `it` and `describe` need a server that may not be installed. ATTACH_REQUIRE=all makes its absence a failure. */
export function serverOrSkip(program: string, path: string | null): boolean {
  if (path !== null) return true
  if (process.env['ATTACH_REQUIRE'] === 'all') throw new Error(`${program} is not installed, and ATTACH_REQUIRE=all asks for it`)
  process.stderr.write(`SKIPPED: ${program} is not installed; the tests that need it did not run\n`)
  return false
}
