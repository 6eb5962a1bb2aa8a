import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { load } from './sources.js'

const RELEASES_BY_HAND = 10
const CHUNK = 5_000
const handle = (number) => `postgres://app@db${number % 2}.internal:5432/app`

/**
 * A deploy with that many releases of one key: the lines of the old ones written as the file store writes them, the last ten made by the
 * command itself, so that their values are kept.
 */
export async function deployWithHistory(folder, releases, attach) {
  mkdirSync(folder)
  const { encodeLine, stateDirOf } = await load('src/stores/journal-line.ts', 'src/stores/state-dir.ts')
  const config = join(folder, '.env')
  const old = releases - RELEASES_BY_HAND
  writeFileSync(config, old > 0 ? `DATABASE_URL=${handle(old)}\n` : '', { mode: 0o600 })
  if (old > 0) {
    const { path, journal } = stateDirOf(config, undefined)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    writeJournal(journal, old, encodeLine)
  }
  for (let release = old + 1; release <= releases; release += 1) {
    const words = [attach, '--no-probe', '-y', `DATABASE_URL=${handle(release)}`]
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`release ${release} of ${releases}: exit ${status}: ${stderr.trim()}`)
  }
}

function writeJournal(path, releases, encodeLine) {
  const by = { user: 'bench', host: 'bench', pid: 1 }
  const at = '2026-01-01T00:00:00.000Z'
  const file = openSync(path, 'wx', 0o600)
  let previous = ''
  let lines = []
  const add = (entry) => {
    const { text, sum } = encodeLine(entry, previous)
    previous = sum
    lines.push(text)
  }
  for (let release = 1; release <= releases; release += 1) {
    const seq = 2 * release - 1
    const shown = [{ key: 'DATABASE_URL', from: release === 1 ? null : handle(release - 1), to: handle(release) }]
    const values = seq.toString(16).padStart(32, '0')
    add({
      type: 'intent',
      seq,
      by,
      at,
      verb: release === 1 ? 'attach' : 'swap',
      values,
      shown,
      revertible: true,
      edited: [],
      unprobed: true,
    })
    add({ type: 'close', seq: seq + 1, by, at, intent: seq, release, verdict: 'committed', settled: 'skipped' })
    if (release % CHUNK === 0 || release === releases) {
      writeSync(file, lines.join(''))
      lines = []
    }
  }
  closeSync(file)
}
