import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import { editEnv } from '../../src/formats/dotenv.ts'
import { describeStore } from '../conformance/store.ts'
import { begin, change, end, type Files, files, KEY, namesIn, outcome, plain, releases, signal, thrown } from '../support/files.ts'

describeStore('the file store', {
  open: async () => {
    const place = files({ text: '' })
    return {
      a: place.store(),
      b: place.store(),
      edit: async (key, value) => {
        const bytes = readFileSync(place.config)
        const temp = join(place.folder, 'editor')
        writeFileSync(temp, editEnv(bytes, [{ key, after: new Secret(value) }]).bytes)
        renameSync(temp, place.config)
      },
      raw: async () => place.text(),
      dispose: place.remove,
    }
  },
})

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

describe('what a write leaves behind', () => {
  test('a config and its record, and nothing else', async () => {
    await releases(place.store(), 2)
    const record = ['.attach', '.attach/.env', '.attach/.env/journal', '.attach/.env/lock', '.attach/.env/plain', '.attach/.env/values']
    const values = ['.attach/.env/values/1', '.attach/.env/values/3']
    expect(namesIn(place.folder)).toEqual(['.attach', '.attach/.env', '.attach/.gitignore', ...record.slice(2), ...values, '.env'].sort())
    expect(place.text()).toBe('DATABASE_URL=v2\n')
    expect(readFileSync(join(place.folder, '.attach/.gitignore'), 'utf8')).toBe('*\n')
  })

  test('the journal holds no value, and the config no trace of us', async () => {
    writeFileSync(place.config, 'DATABASE_URL=OLDs3cret\n')
    const store = place.store()
    const changes = [change('OLDs3cret', 'NEWs3cret')]
    const intent = await begin(store, changes)
    await store.write(changes, { ifHead: intent.seq })
    await end(store, intent)
    expect(readFileSync(place.state.journal, 'utf8')).not.toMatch(/s3cret/)
    expect(place.text()).toBe('DATABASE_URL=NEWs3cret\n')
    expect(plain(await store.journal.recall(intent))).toEqual([[KEY, 'OLDs3cret', 'NEWs3cret']])
  })

  test('a config that is made is readable by its owner alone', async () => {
    const none = files({ text: null })
    const store = none.store()
    const changes = [change(null, 'new')]
    const intent = await begin(store, changes)
    await store.write(changes, { ifHead: intent.seq })
    expect(none.text()).toBe('DATABASE_URL=new\n')
    expect(statSync(none.config).mode & 0o777).toBe(0o600)
    await none.remove()
  })

  test('a config that somebody else made meanwhile is kept', async () => {
    const none = files({ text: null })
    const store = none.store()
    const changes = [change(null, 'new')]
    const intent = await begin(store, changes)
    writeFileSync(none.config, 'DATABASE_URL=theirs\n')
    expect(await outcome(store.write(changes, { ifHead: intent.seq }))).toBe('CONFLICT')
    expect(none.text()).toBe('DATABASE_URL=theirs\n')
    await none.remove()
  })

  test('a write that changes no byte replaces nothing', async () => {
    const store = place.store()
    const { ino } = statSync(place.config)
    const intent = await begin(store, [])
    await store.write([], { ifHead: intent.seq })
    expect(statSync(place.config).ino).toBe(ino)
  })

  test('without the lock nothing is written, whatever the journal says', async () => {
    const [store, other] = [place.store(), place.store()]
    const intent = await begin(store)
    expect(await outcome(other.write([change('old', 'new')], { ifHead: intent.seq }))).toBe('CLAIMED')
    expect(place.text()).toBe('DATABASE_URL=old\n')
  })
})

describe('the file that is written first', () => {
  const temp = async (name: string): Promise<string> => {
    const place = files({ name })
    const store = place.store()
    const intent = await begin(store)
    writeFileSync(join(place.folder, `${name.startsWith('.') ? '' : '.'}${name}.attach-${intent.values}.tmp`), 'half')
    await end(store, intent, { verdict: 'aborted' })
    const left = namesIn(place.folder).filter((name) => name.endsWith('.tmp'))
    await place.remove()
    return left.join()
  }

  test.each(['.env', '.env.production', 'prod.env'])(
    'beside %s has a hidden name that the intent knows, and goes when the operation ends',
    async (name) => {
      expect(await temp(name)).toBe('')
    },
  )

  test('a file of the user with a name like ours stays', async () => {
    const others = ['.env.tmp', '..env.tmp', '.env.attach-0000000000000000.tmp', '.env.bak', '.env.lock']
    for (const name of others) writeFileSync(join(place.folder, name), name)
    await releases(place.store(), 1)
    for (const name of others) expect(readFileSync(join(place.folder, name), 'utf8')).toBe(name)
  })

  test('a link planted at its name is not followed', async () => {
    const victim = join(place.folder, 'victim')
    writeFileSync(victim, 'victim')
    const store = place.store()
    const intent = await begin(store)
    symlinkSync(victim, join(place.folder, `.env.attach-${intent.values}.tmp`))
    await store.write([change('old', 'new')], { ifHead: intent.seq })
    expect([readFileSync(victim, 'utf8'), place.text()]).toEqual(['victim', 'DATABASE_URL=new\n'])
  })
})

describe('a config behind a symbolic link', () => {
  test('is replaced where it is; the link stays, and the record stands beside the real file', async () => {
    const real = join(place.folder, 'shared', 'env')
    mkdirSync(dirname(real))
    renameSync(place.config, real)
    symlinkSync('shared/env', place.config)
    await releases(place.store(), 1)
    expect(readFileSync(real, 'utf8')).toBe('DATABASE_URL=v1\n')
    expect(namesIn(place.folder)).toContain('shared/.attach/env/journal')
    expect(namesIn(place.folder)).not.toContain('.attach')
  })

  test('to nothing is refused, and so is what is no regular file', async () => {
    rmSync(place.config)
    symlinkSync('nowhere', place.config)
    expect((await thrown(Promise.resolve().then(() => place.store()))).message).toBe('.env is a symbolic link to nothing')
    rmSync(place.config)
    mkdirSync(place.config)
    const { code, message } = await thrown(Promise.resolve().then(() => place.store()))
    expect([code, message]).toEqual(['CONFIG_INVALID', '.env is not a regular file'])
  })
})

test('a config over 16 MiB is refused by its size, before it is read', async () => {
  writeFileSync(place.config, Buffer.alloc(16 * 1024 * 1024 + 1, 'x'))
  const { code, message } = await thrown(place.store().read())
  expect([code, message]).toEqual(['CONFIG_INVALID', '.env has 16777217 bytes or more; attach reads at most 16777216 bytes'])
})

test('a wish to stop while another one has the lock is heard at once', async () => {
  const [store, other] = [place.store(), place.store({ lockTimeoutMs: 60_000 })]
  const intent = await begin(store)
  const stop = new AbortController()
  const waiting = outcome(other.journal.append({ ...intent, seq: 2 }, stop.signal))
  setTimeout(() => stop.abort(), 50)
  const from = performance.now()
  expect(await waiting).toBe('INTERRUPTED')
  expect(performance.now() - from).toBeLessThan(500)
  expect(await outcome(store.journal.append(intent, signal))).toBe('BUSY')
})

test('a config that held keys and is empty now is a conflict: a program may be about to write them', async () => {
  const place = files({ text: 'A=1\nDATABASE_URL=old\n' })
  const store = place.store()
  await store.read()
  const intent = await begin(store, [{ key: 'NEW_URL' as Key, before: null, after: new Secret('x') }])
  writeFileSync(place.config, '')
  const said = await thrown(store.write([{ key: 'NEW_URL' as Key, before: null, after: new Secret('x') }], { ifHead: intent.seq }))
  expect([said.code, place.text()]).toEqual(['CONFLICT', ''])
  await place.remove()
})

test('a config that became a pipe or a link meanwhile is not replaced, and nothing waits for it', async () => {
  const place = files()
  const store = place.store()
  const intent = await begin(store, [{ key: 'NEW_URL' as Key, before: null, after: new Secret('x') }])
  rmSync(place.config)
  execFileSync('mkfifo', [place.config])
  const said = await thrown(store.write([{ key: 'NEW_URL' as Key, before: null, after: new Secret('x') }], { ifHead: intent.seq }))
  expect(said.code).toBe('CONFIG_INVALID')
  await place.remove()
})

test('a history beside the config and another one elsewhere are refused together', async () => {
  const place = files()
  const store = place.store()
  await end(store, await begin(store))
  await store[Symbol.asyncDispose]()
  expect(() => place.store({ stateElsewhere: join(place.folder, 'elsewhere') })).toThrow('has a history beside it')
  await place.remove()
})
