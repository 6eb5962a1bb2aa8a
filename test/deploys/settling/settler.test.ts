import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { openKinds } from '../../../src/deploys/kinds.ts'
import { openStore } from '../../../src/deploys/open.ts'
import { operationOn, WITHOUT_QUESTIONS } from '../../../src/deploys/operation.ts'
import type { Key } from '../../../src/domain/change.ts'
import { Redactor } from '../../../src/domain/redact.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { type Outcome, operate, type Wish } from '../../../src/engine/operate.ts'
import { type App, app, healthOf, hookOf } from '../../support/declared.ts'

const CANARY = 'c4n4ry-Of_The+Config/77'
const NEXT = 'n3xt-s3cret-of-this-change'

describe('settling', () => {
  test('is the hook, then health', async () => {
    using place = app({ hook: hookOf('echo hook >>order'), health: healthOf({ by: 'command', run: 'echo health >>order' }) })
    expect(await place.settle()).toBe('yes')
    expect(place.read('order')).toBe('hook\nhealth\nhealth\n')
    expect(place.events.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type))).toEqual([
      'settling hook',
      'settled hook',
      'settling health',
      'settled health',
    ])
  })

  test('asks no health of an app whose hook went wrong', async () => {
    using place = app({ hook: hookOf('false'), health: healthOf({ by: 'command', run: 'touch asked' }) })
    expect(await place.settle()).toBe('no')
    expect(existsSync(place.at('asked'))).toBe(false)
  })

  test('can be health alone', async () => {
    using place = app({ health: healthOf({ by: 'command', run: 'true' }) })
    expect(await place.settle()).toBe('yes')
  })

  test('is skipped where there is nothing to run, or where it is not to run', async () => {
    using nothing = app({})
    using unwanted = app({ hook: hookOf('touch ran') })
    const settler = unwanted.settler({ run: 'skip' })
    expect([settler.hook, await unwanted.settle({ settler }), await nothing.settle()]).toEqual([null, 'skipped', 'skipped'])
    expect(existsSync(unwanted.at('ran'))).toBe(false)
    expect([...nothing.events, ...unwanted.events]).toEqual([])
  })

  test('looks first where nobody asked whether it is ready', async () => {
    using place = app({ hook: hookOf(['./not-there']) })
    expect(await place.settle({ settler: place.settler() })).toBe('no')
    expect(place.whys()).toEqual(['hook of production: ./not-there is not there'])
  })

  test('never rejects', async () => {
    using place = app({ hook: hookOf('true') })
    const settler = place.settler({ trust: () => Promise.reject(new TypeError('a bug')) })
    expect(await place.settle({ settler })).toBe('no')
    expect(place.whys()).toEqual(['a bug of ours: TypeError'])
  })
})

describe('a change of a real config', () => {
  /** The whole of an operation, but for the command line. */
  const changed = async (place: App, rest: Partial<Wish> = {}): Promise<Outcome> => {
    const { host, deploy, reporter } = place
    await using store = openStore(deploy, host, { lockTimeoutMs: 1_000, onWait: () => {} })
    const wiring = { store, kinds: openKinds(new Redactor()), reporter, signal: new AbortController().signal, begin: () => {} }
    const operation = operationOn({ ...wiring, consent: WITHOUT_QUESTIONS, settler: place.settler(), deploy }, host)
    const wish: Wish = {
      request: { verb: 'swap', edits: [{ key: 'API_KEY' as Key, to: new Secret(NEXT) }] },
      kind: 'opaque',
      expect: null,
      probe: 'skip',
      declared: new Map(),
      readers: [],
      settling: 'usual',
      onFailure: 'usual',
      message: null,
      allowed: [],
      strictness: 'usual',
      baselines: new Map(),
      run: 'real',
      lockTimeoutMs: 1_000,
      ...rest,
    }
    return await operate(wish, operation)
  }
  const closeOf = (outcome: Outcome): unknown =>
    outcome.type === 'closed' ? [outcome.close.verdict, 'settled' in outcome.close && outcome.close.settled] : outcome.type

  test('is committed and settled; the hook sees the new value in the config, and its own .env shows no secret', async () => {
    using place = app({ hook: hookOf('cat .env; echo "$ATTACH_STANDS $ATTACH_RELEASE $ATTACH_KEYS"') })
    place.write('.env', `API_KEY=0ld-s3cret-of-before\nSMTP_PASSWORD='${CANARY}'\nNODE_ENV=production\n`)
    expect(closeOf(await changed(place))).toEqual(['committed', 'yes'])
    expect(place.read()).toContain(NEXT)
    expect(place.printed()).toEqual(['API_KEY=•••', "SMTP_PASSWORD='•••'", 'NODE_ENV=production', 'new 1 API_KEY'])
  })

  test('the old value is a secret too', async () => {
    using place = app({ hook: hookOf('echo was 0ld-s3cret-of-before') })
    place.write('.env', 'API_KEY=0ld-s3cret-of-before\n')
    await changed(place)
    expect(place.printed()).toEqual(['was •••'])
  })

  test('that the app does not settle on is put back, and the hook runs again on the old value', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked += 1
      response.writeHead(500).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    try {
      const check = { by: 'url', url: `http://127.0.0.1:${port}/`, status: 200, body: null } as const
      using place = app({
        hook: hookOf('echo "$ATTACH_STANDS $ATTACH_RELEASE $(grep -c n3xt .env)" >>runs; true'),
        health: healthOf(check, { timeoutMs: 1_000 }),
      })
      place.write('.env', 'API_KEY=0ld-s3cret-of-before\n')
      expect(closeOf(await changed(place))).toEqual(['reverted', 'no'])
      expect(place.read()).toBe('API_KEY=0ld-s3cret-of-before\n')
      expect(place.read('runs')).toBe('new 1 1\nold 0 0\n')
      expect(asked).toBeGreaterThan(1)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('holds its lock while the hook runs, which has no descriptor of it', async () => {
    using place = app({ hook: hookOf('ls -l /proc/$$/fd | grep -c "\\.attach\\|\\.env"; flock -n .attach/.env/lock true || echo held') })
    place.write('.env', 'API_KEY=0ld-s3cret-of-before\n')
    await changed(place)
    expect(place.printed()).toEqual(['0', 'held'])
  })

  test('is not made in a dry run, which runs nothing and remembers no trust', async () => {
    using place = app({ hook: hookOf('touch ran') })
    place.write('.env', 'API_KEY=0ld-s3cret-of-before\n')
    expect(closeOf(await changed(place, { run: 'dry' }))).toBe('planned')
    expect(existsSync(place.at('ran'))).toBe(false)
    expect(existsSync(place.at('home/.local'))).toBe(false)
  })

  test('does not begin where the hook is not there', async () => {
    using place = app({ hook: hookOf(['./not-there']) })
    place.write('.env', 'API_KEY=0ld-s3cret-of-before\n')
    await expect(changed(place)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(place.read()).toBe('API_KEY=0ld-s3cret-of-before\n')
  })
})
