import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument } from '../support/cli.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { configOf, scratch, treeOf } from '../support/scratch.ts'

describe.runIf(haveRedis())('a swap away from a Redis in which jobs wait', () => {
  let old: RedisServer
  let next: RedisServer
  beforeAll(async () => {
    old = await startRedis({ password: 'old-pw-old' })
    next = await startRedis({ password: 'new-pw-new' })
    await old.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', '-@dangerous')
    await old.ask('SADD', 'queues', 'default', 'mail')
    await next.ask('SADD', 'queues', 'default', 'mail')
    await old.ask('LPUSH', 'queue:mail', '{"class":"Mail"}', '{"class":"Mail"}')
  })
  afterAll(() => Promise.all([old, next].map((server) => server?.[Symbol.asyncDispose]())))

  const handles = () => ({ before: `REDIS_URL=${old.url({ user: 'app', password: 'app-pw-app' })}`, after: `REDIS_URL=${next.url()}` })

  test('is refused with figures, and nothing is written', async () => {
    const { before, after } = handles()
    using place = scratch(`# cache\r\nPORT=3000\r\n${before}\r\n`)
    const [config, tree] = [configOf(place), treeOf(place.path)]
    const { document, exit, stdout, stderr } = await asDocument(['swap', after, '-y'], { cwd: place.path })
    expect(exit).toBe(3)
    expect(document).toMatchObject({
      outcome: 'refused',
      error: { code: 'REFUSED', message: expect.stringContaining('redis.queues_left refuses it') },
    })
    const detail = '2 jobs would be left on the old one: 2 in queue:mail'
    expect(document.findings).toContainEqual(expect.objectContaining({ id: 'redis.queues_left', key: 'REDIS_URL', status: 'fail', detail }))
    expect(document.findings?.find(({ id }) => id === 'redis.queues_left')?.remedy).toContain('redis-cli LLEN queue:mail')
    expect([configOf(place), treeOf(place.path)]).toEqual([config, tree])
    expect(`${stdout}${stderr}`).not.toMatch(/old-pw|new-pw|app-pw/)
  })

  test('goes on where somebody lets it pass by name', async () => {
    const { before, after } = handles()
    using place = scratch(`${before}\n`)
    const words = ['swap', after, '-y', '--allow', 'redis.queues_left']
    expect(await asDocument(words, { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`${after}\n`)
  })

  test('that the present user may not look for is not known, whatever a baseline did not see', async () => {
    await using empty = await startRedis({ password: 'old-pw-old' })
    using place = scratch(`REDIS_URL=${empty.url()}\n`)
    expect(await asDocument(['compare', 'REDIS_URL', '--save', 'b.json'], { cwd: place.path })).toMatchObject({ exit: 0 })
    await empty.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', '-sscan')
    await empty.ask('SADD', 'queues', 'mail')
    await empty.ask('LPUSH', 'queue:mail', '{"class":"Mail"}')
    using blind = scratch(`REDIS_URL=${empty.url({ user: 'app', password: 'app-pw-app' })}\n`)
    const words = ['compare', `REDIS_URL=${next.url()}`, '--baseline', place.at('b.json')]
    const living = (await asDocument(words, { cwd: blind.path })).document
    expect(living.findings?.find(({ id }) => id === 'redis.queues_left')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('the user may not ask SSCAN'),
    })
    await empty.stop()
    const dead = (await asDocument(words, { cwd: blind.path })).document
    expect(dead.findings?.find(({ id }) => id === 'redis.queues_left')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('what waits there now is not known'),
    })
  })

  test('another password for the same one leaves nothing behind', async () => {
    const { before } = handles()
    using place = scratch(`${before}\n`)
    const same = `REDIS_URL=${old.url({ user: 'default' })}`
    const { exit, document } = await asDocument(['swap', same, '-y'], { cwd: place.path })
    expect({ exit, error: document.error ?? null }).toEqual({ exit: 0, error: null })
    expect(document.findings).toContainEqual(expect.objectContaining({ id: 'redis.queues_left', severity: 'info' }))
  })
})
