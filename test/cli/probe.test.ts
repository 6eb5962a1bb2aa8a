import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument } from '../support/cli.ts'
import { liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { eventually } from '../support/processes.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { scratch } from '../support/scratch.ts'
import { type WebServer, webServer } from '../support/web-server.ts'

describe.runIf(haveRedis())('attach probe of all that is attached', { timeout: 60_000 }, () => {
  let redis: RedisServer
  let web: WebServer
  beforeAll(async () => {
    ;[redis, web] = await Promise.all([startRedis(), webServer(() => 204)])
  })
  afterAll(async () => {
    await Promise.all([redis, web].map((server) => server[Symbol.asyncDispose]()))
  })

  test('one that fails hides no other, nor does one that cannot be read', async () => {
    using place = scratch(
      `A_URL=${redis.url()}\nB_URL=redis://127.0.0.1:${await freePort()}\nC_URL=redis://u:p@ss@h\nD_URL=http://127.0.0.1:${web.port}/x\nE=plain\n`,
    )
    const { document, exit } = await asDocument(['probe'], { cwd: place.path })
    expect(exit).toBe(3)
    expect(document.probes?.map(({ key, report }) => [key, report.ok]).toSorted()).toEqual([
      ['A_URL', true],
      ['B_URL', false],
      ['D_URL', true],
    ])
    expect(document.error?.message).toMatch(/B_URL: .*refused.*; C_URL: the handle has an unencoded @/)
  })

  test('200 resources are asked at once: it takes about as long as the slowest, and every socket is closed', async () => {
    await using slow = await liar(silent)
    const lines = Array.from({ length: 200 }, (_, at) =>
      at % 20 === 0
        ? `K${at}_URL=redis://127.0.0.1:${slow.port}/0`
        : at % 2 === 0
          ? `K${at}_URL=${redis.url({ db: at % 16 })}`
          : `K${at}_URL=http://127.0.0.1:${web.port}/${at}`,
    )
    using place = scratch(`${lines.join('\n')}\n`)
    const { document, exit } = await asDocument(['probe'], { cwd: place.path })
    expect(exit).toBe(3)
    expect(document.probes).toHaveLength(200)
    expect(document.probes?.filter(({ report }) => !report.ok)).toHaveLength(10)
    await eventually('all sockets closed', async () => expect(slow.open()).toBe(0), 5_000)
  })

  test('--write-probe is refused where nothing is known that could be taken away again', async () => {
    const { document } = await asDocument(['probe', redis.url(), '--write-probe'], { cwd: '/' })
    expect(document).toMatchObject({ exit: 2, error: { message: expect.stringContaining('handle 1 (redis)') } })
    expect(document.probes).toBeUndefined()
  })
})
