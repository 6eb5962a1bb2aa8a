// `npm run verify`: installs what is missing of the real servers where it may, builds, lints, and runs every test and the demo.
// Ends with 0 only when all of it passed. The last line counts: tests, and every other step that failed as one failure.
// ATTACH_REQUIRE=all makes a test that cannot run here fail. ATTACH_SUMMARY=PATH also writes the last line there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { installNpmServers } from './npm-servers.js'
import { installMajors } from './postgres-majors.js'
import { run } from './run.js'
import { installServers } from './servers.js'

const ROOT = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'attach-verify-'))
const report = join(folder, 'tests.json')
const modules = join(ROOT, 'node_modules')
const STEPS = [
  { name: 'build', script: 'scripts/build.js', args: [], timeoutMs: 120_000 },
  { name: 'types', script: join(modules, 'typescript/bin/tsc'), args: ['--noEmit'], timeoutMs: 120_000 },
  { name: 'lint', script: join(modules, '@biomejs/biome/bin/biome'), args: ['check', '--error-on-warnings', '.'], timeoutMs: 120_000 },
  {
    name: 'tests',
    script: join(modules, 'vitest/vitest.mjs'),
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    timeoutMs: 780_000,
  },
  { name: 'demo', script: 'scripts/demo/demo.js', args: [], timeoutMs: 120_000 },
]

async function verify() {
  const failed = []
  const lines = []
  const tell = (text) => say(`servers: ${text}`)
  const absent = [...(await installServers(tell)), ...(await installMajors(tell)), ...(await installNpmServers(tell))]
  for (const what of absent) lines.push(`not here, so its tests ${process.env.ATTACH_REQUIRE === 'all' ? 'fail' : 'are skipped'}: ${what}`)
  for (const line of lines) say(line)
  for (const { name, script, args, timeoutMs } of STEPS) {
    say(name)
    const { code, seconds } = await run(process.execPath, [script, ...args], { cwd: ROOT, timeoutMs })
    lines.push(
      `${name.padEnd(6)} ${code === 0 ? 'ok' : `FAILED (${code === 124 ? `not done after ${timeoutMs / 1_000} s` : `exit ${code}`})`}  ${seconds.toFixed(1)} s`,
    )
    if (code !== 0) failed.push(name)
  }
  const tests = tally()
  say('result')
  for (const line of [...lines, ...tests.skipped.map((name) => `skipped: ${name}`)]) process.stdout.write(`${line}\n`)
  if (tests.passed + tests.failed === 0) process.stdout.write('no test was run\n')
  const testsFailed = Math.max(tests.failed, failed.includes('tests') || tests.passed === 0 ? 1 : 0)
  const total = testsFailed + failed.filter((name) => name !== 'tests').length
  const summary = `${tests.passed} passed, ${total} failed\n`
  if (process.env.ATTACH_SUMMARY) writeFileSync(process.env.ATTACH_SUMMARY, summary)
  process.stdout.write(summary)
  return total === 0 ? 0 : 1
}

/** What vitest's JSON report counts. A file that failed before or beside its tests counts as one failure. */
function tally() {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
    )
    const skipped = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => !['passed', 'failed'].includes(status))
        .map(({ fullName }) => `${relative(ROOT, name)}: ${fullName}`),
    )
    return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped }
  } catch (error) {
    process.stderr.write(`verify: no report of the tests: ${error.message}\n`)
    return { passed: 0, failed: 0, skipped: [] }
  }
}

function say(text) {
  process.stdout.write(`\n== ${text}\n`)
}

try {
  process.exitCode = await verify()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
