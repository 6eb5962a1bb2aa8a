import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { effectOf } from '../../src/domain/effect.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Outcome } from '../../src/engine/operate.ts'
import { openDeploy } from '../../src/index.ts'
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
