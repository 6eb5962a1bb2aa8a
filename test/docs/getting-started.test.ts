import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haveSupervisor, processesOf } from '../support/app.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { scratch } from '../support/scratch.ts'
import { makeTools, runScript } from '../support/tools.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = readFileSync(resolve(ROOT, 'docs/getting-started.md'), 'utf8')

/** A block of commands, and the lines that are shown behind it. */
interface Block {
  readonly commands: string
  readonly shown: readonly string[]
}

const blocksIn = (page: string): readonly Block[] =>
  [...page.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)].map(([, commands = '', shown = '']) => ({
    commands,
    shown: shown.split('\n').filter((line) => line.trim() !== ''),
  }))

/** `…` stands for anything, and a number of three digits or more for any other. */
const patternOf = (line: string): RegExp =>
  new RegExp(
    line
      .trim()
      .split('…')
      .map((part) =>
        part
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replace(/\d{3,}/g, '\\d+')
          .replace(/ +/g, ' +'),
      )
      .join('.*'),
  )

describe.runIf(havePostgres() && haveSupervisor())('docs/getting-started.md', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('its commands do what it says, in their order, and leave nothing', { timeout: 60_000 }, async () => {
    using place = scratch()
    using tools = makeTools()
    const blocks = blocksIn(PAGE)
    expect(blocks.length).toBeGreaterThan(6)
    place.write('commands', ['set -eu', ...blocks.map(({ commands }, at) => `echo '=== ${at}'\n${commands}`)].join('\n'))
    const { PGPASSFILE: _, ...known } = tools.environment(server, 'postgres')
    const env = { ...known, PGPASSWORD: server.password, PORT: String(await freePort()), ATTACH: ROOT }
    const { exit, said } = await runScript('/bin/sh', ['commands'], { cwd: place.path, env })
    const left = processesOf(place)
    for (const words of left) process.kill(Number.parseInt(words, 10)) // A page that stops half-way leaves its app.
    expect({ exit, said }).toMatchObject({ exit: 0 })

    const parts = said.split(/^=== \d+\n/m).slice(1)
    expect(parts).toHaveLength(blocks.length)
    for (const [at, { commands, shown }] of blocks.entries())
      for (const line of shown) expect(parts[at], `what stands behind\n${commands}`).toMatch(patternOf(line))
    expect(blocks.filter(({ shown }) => shown.length > 0)).toHaveLength(PAGE.match(/^```text$/gm)?.length ?? 0)
    expect(blocks.flatMap(({ shown }) => shown).length).toBeGreaterThan(15)

    expect(said).not.toContain(server.password)
    expect(tools.argv()).not.toContain(server.password)
    expect(readdirSync(place.path)).toEqual(['.local', 'commands']) // The home of who ran it: attach remembers what it was let run.
    expect(await server.sql(`select datname from pg_database where datname like 'shop%'`)).toEqual([])
    expect(left).toEqual([])
  })
})
