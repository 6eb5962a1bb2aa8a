import { existsSync, mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lives } from '../../support/commands.ts'
import { app, held, hookOf } from '../../support/declared.ts'

const CANARY = 'c4n4ry-Of_The+Config/77'

describe('a hook', () => {
  test('that ends with 0 settles the app; what it is about stands in its environment, by name', async () => {
    using place = app({ hook: hookOf('env | grep ^ATTACH_ | sort; pwd') })
    expect(await place.settle({ stands: 'old', release: 11 })).toBe('yes')
    expect(place.printed()).toEqual([
      `ATTACH_CONFIG=${place.deploy.path}`,
      'ATTACH_DEPLOY=production',
      'ATTACH_KEYS=DATABASE_URL',
      'ATTACH_RELEASE=11',
      'ATTACH_STANDS=old',
      'ATTACH_VERB=swap',
      place.deploy.declared?.folder,
    ])
    expect(place.events[0]).toEqual({
      type: 'settling',
      step: 'hook',
      stands: 'old',
      what: 'env | grep ^ATTACH_ | sort; pwd',
      timeoutMs: 20_000,
    })
    expect(place.events.at(-1)).toMatchObject({ type: 'settled', step: 'hook', stands: 'old', why: null })
  })

  test('gets no value: not under the name of a changed key, not of a secret of this change, and nothing meant for attach alone', async () => {
    using place = app(
      { hook: hookOf(['env']) },
      {
        DATABASE_URL: 'postgres://app:old@db/app',
        NEW_DB: `postgres://app:${encodeURIComponent(CANARY)}@db2/app`,
        PGPASSWORD: CANARY,
        OTHER: 'kept',
        DEBUG: '*',
        NODE_DEBUG: 'http',
        NODE_OPTIONS: '--inspect',
        ATTACH_KEY: 'x',
        ATTACH_STATE_DIR: '',
      },
    )
    await place.settle({ values: { changed: [held('DATABASE_URL', `postgres://app:${encodeURIComponent(CANARY)}@db2/app`)] } })
    const names = place.printed().map((line) => line.split('=')[0])
    expect(names).toContain('OTHER')
    for (const name of ['DATABASE_URL', 'NEW_DB', 'PGPASSWORD', 'DEBUG', 'NODE_DEBUG', 'NODE_OPTIONS', 'ATTACH_KEY'])
      expect(names).not.toContain(name)
  })

  test('shows no secret to the process list: neither in its words nor in its environment', async () => {
    using place = app(
      { hook: hookOf('cat /proc/$$/cmdline /proc/$$/environ >seen; sleep 0 & cat /proc/$!/environ >>seen || true') },
      { NEW_KEY: CANARY },
    )
    await place.settle({ values: { changed: [held('API_KEY', CANARY)] } })
    expect(place.read('seen')).toContain('ATTACH_DEPLOY=production')
    expect(place.read('seen')).not.toContain(CANARY)
  })

  test.each<[string, string | readonly string[], string]>([
    ['a status', 'exit 3', 'it ended with exit status 3'],
    ['127, which is a program that was not found', 'no-such-program', 'it ended with exit status 127: a program was not found'],
    ['126, which is a program that could not be run', '"$PWD"', 'it ended with exit status 126: a program could not be run'],
    ['a signal', 'kill -KILL $$', 'it was ended by SIGKILL'],
  ])('that ends with %s did not go well, and that is said', async (_name, run, why) => {
    using place = app({ hook: hookOf(run) })
    expect(await place.settle()).toBe('no')
    expect(place.whys()).toEqual([why])
  })

  test('that takes too long is ended, and the bound is named', async () => {
    using place = app({ hook: hookOf('sleep 60', 200) })
    expect(await place.settle()).toBe('no')
    expect(place.whys()).toEqual(['it did not end in 0.2 s (timeout of hook in attach.yaml) and was ended'])
  })

  test('is ended when somebody wants to stop', async () => {
    const controller = new AbortController()
    using place = app({ hook: hookOf('sleep 60') })
    setTimeout(() => controller.abort(), 150)
    expect(await place.settle({ signal: controller.signal })).toBe('no')
    expect(place.whys()).toEqual(['it was interrupted'])
  })

  test('that leaves a program on its output is told how to do it', async () => {
    using place = app({ hook: hookOf('sleep 20 & echo $!') })
    expect(await place.settle()).toBe('yes')
    const pid = Number(place.printed()[0])
    expect(lives(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
    const [note] = place.events.filter((event) => event.type === 'note')
    expect(note).toMatchObject({ code: 'hook.output_open', message: expect.stringContaining('>app.log 2>&1 &') })
  })

  test('has its process on record while it runs, and not longer', async () => {
    using place = app({ hook: hookOf('cat "$RECORD"; ls -l "$RECORD" | cut -c1-10; echo $$') }, { RECORD: '' })
    Object.assign(place.host.env, { RECORD: place.record })
    await place.settle()
    const [record = '', rights, pid] = place.printed()
    expect(JSON.parse(record)).toEqual({
      ...(await place.host.findProcess(process.pid))?.identity,
      pid: Number(pid),
      start: expect.stringMatching(/^\d+$/),
      host: place.host.actor.host,
    })
    expect(rights).toBe('-rw-r--r--')
    expect(existsSync(place.record)).toBe(false)
  })

  test('does not begin where something else stands in the place of its record', async () => {
    using place = app({ hook: hookOf('touch ran') })
    mkdirSync(place.record)
    expect(await place.settle()).toBe('no')
    expect(place.whys()[0]).toMatch(/^the record of the hook could not be removed: E\w+$/)
    expect(existsSync(place.at('ran'))).toBe(false)
  })
})

describe('what a hook prints', () => {
  const shown = async (text: string, values: ReturnType<typeof held>[] = []): Promise<readonly string[]> => {
    using place = app({ hook: hookOf(['cat', 'text']) })
    place.write('text', text)
    await place.settle({ values: { config: values } })
    return place.printed()
  }

  test('never shows a secret of the config, in any form it travels in', async () => {
    const value = `postgres://app:${encodeURIComponent(CANARY)}@db/app`
    const forms = [
      CANARY,
      encodeURIComponent(CANARY),
      value,
      Buffer.from(CANARY).toString('base64'),
      `x${JSON.stringify(CANARY)}y`,
      `\u001b[31m${CANARY}\u001b[0m`,
    ]
    const lines = await shown(`${forms.join('\n')}\n`, [held('DATABASE_URL', value), held('NODE_ENV', 'production')])
    expect(lines).toHaveLength(forms.length)
    for (const line of lines) expect(line).not.toMatch(/c4n4ry|YzRuNHJ5/)
  })

  test('hides values whose name or look is that of a secret, also one of several lines, and no plain words', async () => {
    const pem = '-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG\nw0BAQEFAASCAUAwggE8\n-----END KEY-----'
    const config = [
      held('SMTP_PASSWORD', 'hunter22'),
      held('STRIPE', '0a1b2c3d4e5f60718293'),
      held('TENANT', '123e4567-e89b-12d3-a456-426614174000'),
      held('TLS', pem),
      held('NODE_ENV', 'production'),
      held('DATA_DIR', '/var/lib/postgresql/15/main'),
      held('APP_HOST', 'app.example.com'),
    ]
    const text = `hunter22\n0a1b2c3d4e5f60718293\n123e4567-e89b-12d3-a456-426614174000\n${pem}\nproduction /var/lib/postgresql/15/main app.example.com\n`
    const lines = await shown(text, config)
    expect(lines.slice(0, -1).every((line) => line === '•••')).toBe(true)
    expect(lines.at(-1)).toBe('production /var/lib/postgresql/15/main app.example.com')
  })

  test('cannot steer a terminal or a CI', async () => {
    const lines = await shown('\u001b]0;title\u0007\n::add-mask::x\n  ::set-output name=a::b\n##[group]x\n\u202egnp.exe\na\tb\u001b[1mc\n')
    expect(lines).toEqual([
      '\\u001b]0;title\\u0007',
      ': :add-mask::x',
      '  : :set-output name=a::b',
      '# #[group]x',
      '\\u202egnp.exe',
      'a    bc',
    ])
  })

  test('is cut to 1,000 characters a line', async () => {
    const [line = ''] = await shown('x'.repeat(5_000))
    expect(line).toBe(`${'x'.repeat(1_000)}…`)
  })

  test('is not shown where the config cannot be read, since its secrets are not known then', async () => {
    using place = app({ hook: hookOf(`echo ${CANARY}`) })
    expect(await place.settle({ values: { config: null } })).toBe('yes')
    expect(place.printed()).toEqual([expect.stringContaining('not shown')])
  })
})

test('a hook through sh is called hook in what the shell says', async () => {
  using place = app({ hook: hookOf('nonsense-program || exit 4') })
  await place.settle()
  expect(place.printed()[0]).toMatch(/^hook: .*nonsense-program/)
})
