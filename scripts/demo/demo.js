// `npm run demo`: the main job on an embedded PostgreSQL-compatible server. Everything happens in a temporary folder and on loopback.
// Ends with 0 only when every command exited as it should and the .env is at the end what it was after the first step.
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundle } from '../build.js'
import { run } from '../run.js'
import { Database } from './database.js'

const ATTACH = resolve(import.meta.dirname, '../../bin/attach.js')
const COMMAND_MS = 30_000
/** Only these reach the commands: a DATABASE_URL or an attach setting of the caller has no place in the story. */
const KEPT = ['PATH', 'HOME', 'TERM', 'LANG', 'LC_ALL', 'TMPDIR', 'NO_COLOR', 'FORCE_COLOR', 'COLORTERM', 'CI']

const folder = mkdtempSync(join(tmpdir(), 'attach-demo-'))
const app = join(folder, 'app')
const config = join(app, '.env')
const backup = join(folder, 'backup.tar')

const interrupt = new AbortController()
const db1 = new Database({ folder: join(folder, 'db1') })
const readOnlyCopy = new Database({ backup, readOnly: true })
const restoredCopy = new Database({ backup })

async function story() {
  await bundle()
  mkdirSync(app)
  writeFileSync(config, '# the config of the app\nPORT=3000\nLOG_LEVEL=info   # debug, info, warn\n', { mode: 0o600 })

  say('Three databases start: db1, a read-only copy of it, and a copy restored from its backup.')
  await db1.start()
  await db1.run('create table orders (id int primary key); insert into orders select generate_series(1, 100)')
  await db1.backUp(backup)
  await readOnlyCopy.start()
  await restoredCopy.start()

  say('The app has no database yet.')
  await attach(0, `DATABASE_URL=${db1.handle}`)
  const first = readFileSync(config)

  await db1.stop()
  say('db1 is down.')
  await attach(3, 'probe', 'DATABASE_URL')

  say('The wrong copy at hand: it cannot be written.')
  await attach(3, 'swap', `DATABASE_URL=${readOnlyCopy.handle}`)

  say('The copy restored from the backup.')
  await attach(0, 'swap', `DATABASE_URL=${restoredCopy.handle}`)

  say('Back to db1? It is still down.')
  await attach(3, 'rollback')

  await db1.start()
  say('db1 is up again.')
  await attach(0, 'rollback')
  await attach(0, 'log')

  if (!readFileSync(config).equals(first)) throw new Error('.env is not what it was after the first step')
  say('.env is, byte for byte, what it was after the first step.')
}

/** Shows and runs one command; throws when it does not exit as it should. */
async function attach(expected, ...args) {
  process.stdout.write(`\n$ attach ${args.join(' ')}\n`)
  const options = { cwd: app, env: environment(), timeoutMs: COMMAND_MS, signal: interrupt.signal }
  const { code } = await run(process.execPath, [ATTACH, ...args], options)
  interrupt.signal.throwIfAborted()
  if (expected !== 0 || code !== 0) process.stdout.write(`[exit ${code}]\n`)
  if (code !== expected) throw new Error(`attach ${args[0].split('=')[0]} exited with ${code}, expected ${expected}`)
}

function environment() {
  return Object.fromEntries(KEPT.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]))
}

function say(text) {
  interrupt.signal.throwIfAborted()
  process.stdout.write(`\n# ${text}\n`)
}

async function cleanUp() {
  await Promise.all([db1, readOnlyCopy, restoredCopy].map((database) => database.stop()))
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)))
try {
  await Promise.race([story(), once(interrupt.signal, 'abort').then(() => interrupt.signal.throwIfAborted())])
} catch (error) {
  process.stderr.write(`\ndemo: ${error.message}\n`)
  process.exitCode = 1
} finally {
  await cleanUp()
}
process.exit()
