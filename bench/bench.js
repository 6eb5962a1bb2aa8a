// `npm run bench [-- ROUNDS]`: what attach costs, as ratios of medians against baselines measured in the same run, interleaved.
import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { bundle } from '../scripts/build.js'
import { deployToFailOver } from './failover.js'
import { compareDatabases } from './guards.js'
import { deployWithHistory } from './history.js'
import { interleave, median, node } from './measure.js'
import { probeMany } from './probe-many.js'
import { probeOne } from './probe-one.js'
import { deployWithHook, startRedis, swap } from './settling.js'
import { load } from './sources.js'

const ROOT = resolve(import.meta.dirname, '..')
const ATTACH = join(ROOT, 'bin/attach.js')
const DOTENVX = '@dotenvx/dotenvx'
/** The fastest way it has: nothing encrypted, nobody asked. */
const DOTENVX_SET = ['--plain', '--no-armor', '--no-native', '--no-1password', '--no-bitwarden', '-f', '.env']
const LINES = 100_000
const RELEASES = { few: 10, many: 100_000 }
const rounds = Math.max(15, Number(process.argv[2] ?? 25) || 25)
const folder = mkdtempSync(join(tmpdir(), 'attach-bench-'))

async function bench() {
  await bundle()
  print(`node ${process.version}, ${rounds} rounds, medians; files in ${tmpdir()}`)
  heading()
  start()
  await editing()
  await history()
  await settling()
  await failingOver()
  await guards()
  await probingMany()
  await probingOne()
}

/** (a), (b), (c): whole commands against `node -e 0` and against `dotenvx set`. */
function start() {
  const ours = deploy('ours')
  const theirs = deploy('theirs')
  const dotenvx = dotenvxPath()
  let number = 0
  const words = () => {
    number += 1
    return ['--no-probe', '-y', `DATABASE_URL=postgres://app@db${number}.internal/app`]
  }
  const times = interleave(
    {
      floor: () => node(['-e', '0'], folder),
      version: () => node([ATTACH, '--version'], ours),
      change: () => node([ATTACH, ...words()], ours),
      fsync: () => writeAndSync(join(theirs, 'synced')),
      ...(dotenvx ? { dotenvx: () => node([dotenvx, 'set', 'DATABASE_URL', words()[2], ...DOTENVX_SET], theirs) } : {}),
    },
    rounds,
  )
  row('attach --version', times.version, 'node -e 0', times.floor, 1.4)
  row('attach --no-probe -y KEY=VALUE', times.change, 'node -e 0', times.floor, 1.8)
  const syncs = countSyncs([ATTACH, ...words()], ours)
  const cost = `one write of 200 bytes with fsync ${times.fsync.toFixed(2)} ms`
  print(
    syncs === null
      ? `  ${cost} (no strace here: not counted)`
      : `  ${cost}; the command does ${syncs}: ${(syncs * times.fsync).toFixed(1)} ms of it`,
  )
  if (dotenvx) {
    row('attach --version', times.version, 'dotenvx set', times.dotenvx, 0.5)
    row('attach --no-probe -y KEY=VALUE', times.change, 'dotenvx set', times.dotenvx, 0.5)
  } else print(`  against dotenvx set: not measured, ${DOTENVX} is not installed`)
}

/** (d): one key in a long file. */
async function editing() {
  const { editEnv, Secret } = await load('src/formats/dotenv.ts', 'src/domain/secret.ts')
  const { parse } = createRequire(import.meta.url)('dotenv')
  const bytes = Buffer.from(Array.from({ length: LINES }, (_, line) => `KEY_${line}=value-${line}\n`).join(''))
  const change = { key: 'KEY_50000', before: new Secret('value-50000'), after: new Secret('another') }
  const times = interleave({ parse: () => parse(bytes), edit: () => editEnv(bytes, [change]) }, rounds)
  row(`one key in ${LINES} lines`, times.edit, 'dotenv.parse', times.parse, 4)
}

/** (e): what a long history costs. */
async function history() {
  const few = join(folder, 'few')
  const many = join(folder, 'many')
  await deployWithHistory(few, RELEASES.few, ATTACH)
  await deployWithHistory(many, RELEASES.many, ATTACH)
  const last = { few: RELEASES.few, many: RELEASES.many }
  const undo = (which, cwd) => {
    node([ATTACH, 'undo', `v${last[which]}`, '--no-probe', '-y'], cwd)
    last[which] += 1
  }
  const times = interleave(
    {
      logFew: () => node([ATTACH, 'log', '-n', '10'], few),
      logMany: () => node([ATTACH, 'log', '-n', '10'], many),
      undoFew: () => undo('few', few),
      undoMany: () => undo('many', many),
    },
    rounds,
  )
  row(`log -n 10, ${RELEASES.many} releases`, times.logMany, `${RELEASES.few} releases`, times.logFew, 1.2)
  row(`undo, ${RELEASES.many} releases`, times.undoMany, `${RELEASES.few} releases`, times.undoFew, 1.2)
}

/** (f): what a swap adds to its probe, its hook and its health check. */
async function settling() {
  const redis = await startRedis(folder)
  if (redis === null) return print('  a swap with hook and health: not measured, redis-server is not installed')
  try {
    const place = join(folder, 'hooked')
    deployWithHook(place, redis.port)
    const handles = [0, 1].map((db) => `redis://127.0.0.1:${redis.port}/${db}`)
    const all = []
    const floor = []
    for (let round = -1; round < rounds; round += 1) {
      const start = performance.now()
      node(['-e', '0'], folder)
      const ms = performance.now() - start
      const swapped = swap(ATTACH, place, handles[Math.abs(round) % 2])
      if (round < 0) continue // Once for nothing.
      floor.push(ms)
      all.push(swapped)
    }
    row('swap, less probe, hook, health', median(all.map(({ own }) => own)), 'node -e 0', median(floor), 4)
    print(`  all of that swap: ${median(all.map(({ wall }) => wall)).toFixed(1)} ms`)
  } finally {
    redis.stop()
  }
}

/** (g): what a failover with three candidates adds to the slowest of their probes. */
async function failingOver() {
  const place = await deployToFailOver(join(folder, 'failover'))
  if (place === null) return print('  a failover: not measured, PostgreSQL is not installed')
  try {
    const all = []
    const floor = []
    for (let round = -1; round < rounds; round += 1) {
      const start = performance.now()
      node(['-e', '0'], folder)
      const ms = performance.now() - start
      const made = place.failOver(ATTACH)
      if (round < 0) continue // Once for nothing.
      floor.push(ms)
      all.push(made)
    }
    const own = median(all.map(({ own }) => own))
    row('failover, less its slowest probe', own, 'node -e 0', median(floor), 5)
    const [wall, worst] = [median(all.map(({ wall }) => wall)), Math.max(...all.map(({ own }) => own))]
    print(
      `  all of that failover: ${wall.toFixed(1)} ms; beyond its slowest probe ${worst.toFixed(1)} ms at worst, bound 1000 ${worst <= 1000 ? 'OK' : 'over'}`,
    )
  } finally {
    await place.stop()
  }
}

/** (g): what guards add to a swap between two databases of 10,000 objects. */
async function guards() {
  const times = await compareDatabases(Math.ceil(rounds / 5))
  if (times === null) return print('  two databases compared: not measured, PostgreSQL is not installed')
  row('10,000 objects compared', times.compare, 'pg_dump -s', times.dump, 1.5)
}

/** (h): what 200 resources take beyond the slowest of them, and how much memory. */
async function probingMany() {
  const { all, alone, quick, peakMb, sorts } = await probeMany(folder, ATTACH, Math.ceil(rounds / 5))
  row('200 resources probed', all, 'slowest alone', alone, 1.5)
  print(`  ${sorts.join(', ')} in turn; without the slow one ${quick.toFixed(1)} ms`)
  print(`  peak memory of that probe ${peakMb.toFixed(0)} MB at worst, bound 250 ${peakMb <= 250 ? 'OK' : 'over'}`)
}

/** (i): what a probe of one handle takes, as a whole command, against a script that uses a driver. */
async function probingOne() {
  const measured = await probeOne(folder, ATTACH, rounds)
  for (const { service, against, probe, script, others } of measured) {
    row(`one ${service} probed`, probe, against, script, 1.3)
    const told = Object.entries(others).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
    if (told.length > 0) print(`  ${told.join(', ')}`)
  }
  if (measured.length === 0) print('  one resource probed: not measured, neither PostgreSQL nor Redis is installed')
}

function deploy(name) {
  const path = join(folder, name)
  mkdirSync(path)
  writeFileSync(join(path, '.env'), 'PORT=3000\nDATABASE_URL=postgres://app@db0.internal/app\n', { mode: 0o600 })
  return path
}

function writeAndSync(path) {
  const file = openSync(path, 'w', 0o600)
  writeSync(file, Buffer.alloc(200, 'x'))
  fsyncSync(file)
  closeSync(file)
}

/** How often that command syncs, or null where strace is not there. */
function countSyncs(args, cwd) {
  const trace = join(folder, 'trace')
  const { status } = spawnSync('strace', ['-f', '-o', trace, '-e', 'trace=fsync,fdatasync', process.execPath, ...args], {
    cwd,
    stdio: 'ignore',
  })
  return status === 0 ? [...readFileSync(trace, 'utf8').matchAll(/\bf(?:data)?sync\(/g)].length : null
}

function dotenvxPath() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${DOTENVX}/package.json`)
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.dotenvx)
  } catch {
    return null
  }
}

function heading() {
  print(['what'.padEnd(32), 'ms'.padStart(8), '  against'.padEnd(16), 'ms'.padStart(8), 'ratio'.padStart(7), 'bound'.padStart(7)].join(' '))
}

function row(what, ms, against, baseline, bound) {
  const ratio = ms / baseline
  const numbers = [what.padEnd(32), ms.toFixed(1).padStart(8), `  ${against}`.padEnd(16), baseline.toFixed(1).padStart(8)]
  print([...numbers, ratio.toFixed(2).padStart(7), String(bound).padStart(7), ratio <= bound ? ' OK' : ' over'].join(' '))
}

function print(line) {
  process.stdout.write(`${line}\n`)
}

try {
  await bench()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
