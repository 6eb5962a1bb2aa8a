import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument, attach } from '../support/cli.ts'
import { haveRedis } from '../support/redis.ts'
import { MASTER, type Sentinels, startSentinels } from '../support/redis-sentinel.ts'
import { scratch } from '../support/scratch.ts'

describe.runIf(haveRedis())('a swap to sentinels', () => {
  let all: Sentinels
  beforeAll(async () => {
    all = await startSentinels({ password: 'S3cretPw', sentinelPassword: 'S3cretToo' })
  }, 60_000)
  afterAll(() => all[Symbol.asyncDispose]())
  const handle = () => `redis-sentinel://:S3cretPw@${all.hosts}/${MASTER}/0?sentinel_password=S3cretToo`

  test('from the handle of the master itself is told as the same resource, and no password is shown', async () => {
    using place = scratch(`REDIS_URL=${all.servers[0].url()}\n`)
    const how = { cwd: place.path }
    const { document } = await asDocument(['swap', `REDIS_URL=${handle()}`], how)
    expect(document).toMatchObject({ exit: 3, outcome: 'refused' })
    const refusals = document.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)
    expect(refusals).toEqual(['handle.same_resource'])
    expect(place.read()).toContain('REDIS_URL=redis://')

    const swapped = await attach(['swap', `REDIS_URL=${handle()}`, '--allow', 'handle.same_resource'], how)
    expect(swapped).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${handle()}\n`)
    const probed = await attach(['probe', 'REDIS_URL'], how)
    expect(probed.stdout).toMatch(new RegExp(`ok  Redis [\\d.]+, at 127\\.0\\.0\\.1:${all.servers[0].port}, primary, writable, plain text`))
    const shown = [JSON.stringify(document), swapped, probed, await attach(['status'], how), await attach(['log'], how)]
    expect(JSON.stringify(shown)).not.toContain('S3cret')
    expect(JSON.stringify(shown)).toContain(`/${MASTER}/0`)
  })

  test('a sentinel that is silent is named by a probe of the key', async () => {
    using place = scratch(`REDIS_URL=${handle().replace(all.hosts, `${all.hosts},127.0.0.1:1`)}\n`)
    const { document } = await asDocument(['probe', 'REDIS_URL'], { cwd: place.path })
    expect(document.findings).toMatchObject([
      { id: 'redis.sentinel', status: 'warn', detail: expect.stringContaining('127.0.0.1:1 does not answer: refused') },
    ])
    const { stdout, stderr } = await attach(['probe', 'REDIS_URL'], { cwd: place.path })
    expect(`${stdout}${stderr}`).toContain('3 of 4 sentinels name')
  })
})
