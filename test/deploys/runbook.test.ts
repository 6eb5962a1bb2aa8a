import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { effectOf } from '../../src/domain/effect.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Outcome } from '../../src/engine/operate.ts'
import { NoneFit, openDeploy } from '../../src/index.ts'
import { liar, silent } from '../support/liars.ts'
import { haveRedis, startRedis } from '../support/redis.ts'
import { journalOf, type Scratch, scratch } from '../support/scratch.ts'

const YAML = 'deploys:\n  production:\n    config: .env\n    protected: true\n    hook: [sh, hook.sh]\n'
const OPAQUE = { kind: 'opaque' }
const MEANT = { ...OPAQUE, confirm: 'production' }

let place: Scratch
let home: string | undefined
beforeEach(() => {
  place = scratch('TOKEN=old\n')
  home = process.env['HOME']
  process.env['HOME'] = place.path // Trust is remembered there.
})
afterEach(() => {
  process.env['HOME'] = home
  place[Symbol.dispose]()
})

const effect = (outcome: Outcome): string => (outcome.type === 'closed' ? effectOf(outcome.close) : outcome.type)

/** With attach.yaml, whose hook ends as `ends` says for the value that stands. */
function hooked(ends: string): void {
  place.write('attach.yaml', YAML)
  place.write('hook.sh', `echo "on $ATTACH_STANDS"\n${ends}\n`)
}

describe('a deploy opened from TypeScript', () => {
  test('is changed, and its old handle stays under the key that was named, in one release', async () => {
    const deploy = await openDeploy({ directory: place.path })
    const outcome = await deploy.swap({ TOKEN: 'new' }, { ...OPAQUE, keepOld: { TOKEN: 'TOKEN_BEFORE' } })
    expect(effect(outcome)).toBe('changed')
    expect(place.read()).toBe('TOKEN=new\nTOKEN_BEFORE=old\n')
    expect(effect(await deploy.undo(1))).toBe('changed')
    expect(place.read()).toBe('TOKEN=old\n')
    await deploy.close()
  })

  test.each([
    ['a key that this call does not change', { OTHER: 'OTHER_OLD' }],
    ['a key that this call changes itself', { TOKEN: 'TOKEN' }],
    ['no variable name', { TOKEN: 'not a name' }],
  ])('refuses to keep an old handle under %s', async (_, keepOld) => {
    const deploy = await openDeploy({ directory: place.path })
    await expect(deploy.swap({ TOKEN: 'new' }, { ...OPAQUE, keepOld })).rejects.toMatchObject({ code: 'USAGE', effect: 'none' })
    expect(place.read()).toBe('TOKEN=old\n')
  })

  test('needs the name of a protected deploy, and a word of trust for commands that never ran here', async () => {
    hooked('exit 0')
    const careless = await openDeploy({ directory: place.path })
    await expect(careless.swap({ TOKEN: 'new' }, OPAQUE)).rejects.toMatchObject({ code: 'REFUSED', hint: "{ confirm: 'production' }" })
    await expect(careless.swap({ TOKEN: 'new' }, MEANT)).rejects.toMatchObject({ code: 'REFUSED', hint: 'openDeploy({ trust: true })' })
    expect([place.read(), journalOf(place)]).toEqual(['TOKEN=old\n', []])
    const trusting = await openDeploy({ directory: place.path, trust: true })
    expect(effect(await trusting.swap({ TOKEN: 'new' }, MEANT))).toBe('changed')
  })

  test('tells what its hook does, and is put back when the app does not settle', async () => {
    hooked('grep -q old .env')
    const events: Event[] = []
    const deploy = await openDeploy({ directory: place.path, trust: true, onEvent: (event) => events.push(event) })
    expect(effect(await deploy.swap({ TOKEN: 'new' }, MEANT))).toBe('reverted')
    expect(place.read()).toBe('TOKEN=old\n')
    expect(events.filter(({ type }) => type === 'output')).toMatchObject([{ line: 'on new' }, { line: 'on old' }])
    expect(effect(await deploy.swap({ TOKEN: 'new' }, { ...MEANT, hook: 'skip' }))).toBe('changed')
  })

  test('stays unknown until recover made the app settle', async () => {
    hooked('test -e mended')
    const deploy = await openDeploy({ directory: place.path, trust: true })
    expect(effect(await deploy.swap({ TOKEN: 'new' }, { ...MEANT, onFailure: 'keep' }))).toBe('unknown')
    await expect(deploy.swap({ TOKEN: 'new' }, MEANT)).rejects.toMatchObject({ code: 'UNSETTLED', effect: 'unknown' })
    place.write('mended', '')
    expect(await deploy.recover()).toMatchObject({ settled: 'yes' })
    expect(await deploy.recover()).toBeNull()
  })
})

describe.runIf(haveRedis())('a failover from TypeScript', { timeout: 20_000 }, () => {
  test('chooses a fit one, tells of each, and a second one is refused until it is meant', async () => {
    await using redis = await startRedis()
    await using replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${redis.port}`] })
    place.write('.env', `CACHE_URL=${redis.url({ db: 0 })}\n`)
    const deploy = await openDeploy({ directory: place.path })
    const outcome = await deploy.failover('CACHE_URL', [replica.url(), redis.url({ db: 1 })], { keepOld: { CACHE_URL: 'CACHE_OLD_URL' } })
    expect(effect(outcome)).toBe('changed')
    expect(outcome.candidates).toMatchObject([
      { candidate: 1, fit: false, chosen: false },
      { candidate: 2, fit: true, chosen: true, target: `127.0.0.1:${redis.port}/1` },
    ])
    expect(place.read()).toBe(`CACHE_URL=${redis.url({ db: 1 })}\nCACHE_OLD_URL=${redis.url({ db: 0 })}\n`)

    const again = [redis.url({ db: 2 })]
    await expect(deploy.failover('CACHE_URL', again)).rejects.toMatchObject({ code: 'REFUSED', effect: 'none' })
    expect(effect(await deploy.failover('CACHE_URL', again, { allow: ['failover.quiet'], run: 'dry' }))).toBe('planned')
    expect(effect(await deploy.undo(1))).toBe('changed')
    await deploy.close()
  })

  test('nobody is fit, nobody answers in time, nobody is named: nothing is changed', async () => {
    await using mute = await liar(silent)
    place.write('.env', 'CACHE_URL=redis://127.0.0.1:1/0\n')
    const deploy = await openDeploy({ directory: place.path })
    const none = await deploy.failover('CACHE_URL', ['redis://127.0.0.1:1/1']).catch((error: unknown) => error)
    expect(none).toBeInstanceOf(NoneFit)
    expect(none).toMatchObject({ candidates: [{ candidate: 1, fit: false, reason: expect.stringContaining('failed at connect') }] })
    const late = deploy.failover('CACHE_URL', [`redis://127.0.0.1:${mute.port}/0`], { timeoutMs: 300 })
    await expect(late).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('0.3 s passed'), effect: 'none' })
    await expect(deploy.failover('CACHE_URL', [])).rejects.toMatchObject({ code: 'USAGE' })
    expect([place.read(), journalOf(place)]).toEqual(['CACHE_URL=redis://127.0.0.1:1/0\n', []])
    await deploy.close()
  })
})

test.runIf(haveRedis())('the resource of another deploy is refused from TypeScript too, by its id', async () => {
  await using server = await startRedis()
  const at = (index: number): string => `redis://127.0.0.1:${server.port}/${index}`
  place.write('attach.yaml', 'default: one\ndeploys: { one: { config: .env }, two: { config: .env.two } }\n')
  place.write('.env', `CACHE_URL=${at(0)}\n`)
  place.write('.env.two', `QUEUE_URL=${at(1)}\n`)
  const deploy = await openDeploy({ directory: place.path })
  const refused = expect.objectContaining({
    code: 'REFUSED',
    message: expect.stringContaining('handle.other_deploy refuses it: two (QUEUE_URL)'),
  })
  await expect(deploy.swap({ CACHE_URL: at(1) })).rejects.toEqual(refused)
  expect(place.read()).toBe(`CACHE_URL=${at(0)}\n`)
  expect(effect(await deploy.swap({ CACHE_URL: at(1) }, { allow: ['handle.other_deploy'] }))).toBe('changed')
  await deploy.close()
})
