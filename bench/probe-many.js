import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { median } from './measure.js'
import { load } from './sources.js'

const RESOURCES = 200
/** What the slowest of them waits before it answers. */
const SLOW_MS = 1_500
const SLOW_KEY = 'SLOW_URL'
const PEAK = resolve(import.meta.dirname, 'peak.cjs')

/**
 * All that is attached, probed by one command: a `.env` of 200 resources of as many sorts as are installed, one of them slow, against a probe of the
 * slow one alone.
 * @returns {Promise<{ all: number, alone: number, quick: number, peakMb: number, sorts: readonly string[] }>} medians in milliseconds, `quick` without
 * the slow one; `peakMb`: the most memory that a probe of all had at once, in any round
 */
export async function probeMany(folder, attach, rounds) {
  const servers = []
  try {
    const sorts = await startSorts(servers)
    const slow = await startSlow(servers)
    const others = Array.from({ length: RESOURCES - 1 }, (_, at) => [`R${at}_URL`, sorts[at % sorts.length].handle(at)])
    const place = deploy(join(folder, 'all'), [...others, [SLOW_KEY, slow]])
    const without = deploy(join(folder, 'quick'), others)
    expectAllAsked(await run([attach, 'probe', '--json'], place)) // Once for nothing else: caches are warm.
    const times = { all: [], alone: [], quick: [] }
    const peaks = []
    for (let round = 0; round < rounds; round += 1) {
      times.all.push((await run([attach, 'probe'], place)).ms)
      times.alone.push((await run([attach, 'probe', slow], place)).ms)
      times.quick.push((await run([attach, 'probe'], without)).ms)
      peaks.push((await run(['--require', PEAK, attach, 'probe'], place)).peakMb)
    }
    const medians = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
    return { ...medians, peakMb: Math.max(...peaks), sorts: sorts.map(({ name }) => name) }
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}

/** One server of each sort that is installed, the last three stand-ins in this process; and how its handles are written. */
async function startSorts(servers) {
  const support = ['postgres', 'redis', 'mariadb', 'memcached', 'beanstalkd', 'web-server', 'liars']
  const all = await load(...support.map((name) => `test/support/${name}.ts`))
  const here = () => true
  const mail = (socket) => {
    all.greets('220 bench ESMTP\r\n')(socket)
    all.answersLines('250 OK\r\n')(socket)
  }
  const rows = [
    ['PostgreSQL', all.havePostgres, all.startPostgres, (server) => server.url()],
    ['Redis', all.haveRedis, all.startRedis, (server, at) => server.url({ db: at % 16 })],
    ['MariaDB', all.haveMariaDb, all.startMariaDb, (server) => server.url({ database: 'mysql' })],
    ['memcached', all.haveMemcached, all.startMemcached, (server) => server.url()],
    ['beanstalkd', all.haveBeanstalkd, all.startBeanstalkd, (server) => server.url()],
    ['SMTP', here, () => all.liar(mail), ({ port }) => `smtp://127.0.0.1:${port}`],
    ['HTTP', here, () => all.webServer(() => 200), ({ port }, at) => `http://127.0.0.1:${port}/${at}`],
    ['TCP', here, () => all.liar(all.silent), ({ port }) => `tcp://127.0.0.1:${port}`],
  ]
  const sorts = []
  for (const [name, have, start, handle] of rows) {
    if (!have()) continue
    const server = await start()
    servers.push(server)
    sorts.push({ name, handle: (at) => handle(server, at) })
  }
  return sorts
}

/** A web server that takes its time. Answers its handle. */
async function startSlow(servers) {
  const server = createServer((_, response) => setTimeout(() => response.end(), SLOW_MS))
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  servers.push({
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(done))
    },
  })
  return `http://127.0.0.1:${server.address().port}/`
}

function deploy(path, entries) {
  mkdirSync(path)
  writeFileSync(join(path, '.env'), entries.map(([key, handle]) => `${key}=${handle}\n`).join(''), { mode: 0o600 })
  return path
}

/** Otherwise something else was measured. */
function expectAllAsked({ text }) {
  const { probes } = JSON.parse(text)
  const slowest = probes.reduce((worst, each) => (each.report.totalMs > worst.report.totalMs ? each : worst))
  const wrong = probes.filter(({ report }) => !report.ok)
  if (probes.length !== RESOURCES || wrong.length > 0 || slowest.key !== SLOW_KEY)
    throw new Error(`${probes.length} probes, ${wrong.length} failed, slowest ${slowest.key}`)
}

/** Runs node while servers of this process answer; throws when it does not exit with 0. */
function run(args, cwd) {
  return new Promise((done, fail) => {
    const start = performance.now()
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    const [, stdout, stderr, peak] = child.stdio.map(gathered)
    child.once('error', fail)
    child.once('close', (status) => {
      const ms = performance.now() - start
      if (status === 0) return done({ ms, text: stdout(), peakMb: Number(peak()) / 1024 })
      fail(new Error(`node ${args.slice(0, 3).join(' ')} … exited with ${status}: ${stderr().trim().slice(-2_000)}`))
    })
  })
}

function gathered(stream) {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  return () => text
}
