import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectMayBeMade, expectThere, locate } from '../../src/deploys/locate.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import { folder } from '../support/cli.ts'

let here: ReturnType<typeof folder>
beforeEach(() => {
  here = folder()
})
afterEach(() => here.remove())

const put = (name: string): void => writeFileSync(join(here.path, name), '')
const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
    return 'ok'
  } catch (error) {
    return isAttachError(error) ? error.code : 'thrown'
  }
}

describe('which config', () => {
  test.each([
    [{ by: 'default' } as const, '.env', []],
    [{ by: 'deploy', name: 'production' } as const, '.env.production', ['-d', 'production']],
    [{ by: 'config', address: 'config/app.env' } as const, 'config/app.env', ['-c', 'config/app.env']],
  ])('%j is %s', async (where, label, options) => {
    expect(await locate(where, here.path, null)).toMatchObject({ label, path: join(here.path, label), options })
  })

  test('the options of another directory lead there again', async () => {
    mkdirSync(join(here.path, 'app'))
    expect(await locate({ by: 'deploy', name: 'x' }, here.path, 'app')).toMatchObject({
      label: 'app/.env.x',
      options: ['-C', 'app', '-d', 'x'],
    })
  })

  test('a store that nothing speaks is refused by its scheme', async () => {
    expect(await codeOf(async () => await locate({ by: 'config', address: 'etcd://u:secret@h/app' }, here.path, null))).toBe('USAGE')
  })

  test('a name with control characters is shown without them', async () => {
    expect((await locate({ by: 'config', address: 'a\u001b[2J\n::error::.env' }, here.path, null)).label).toBe(
      'a\\u001b[2J\\n::error::.env',
    )
  })
})

describe('a config that is not there', () => {
  test('is named with the nearest one that is', async () => {
    put('.env.production')
    await expect(async () => expectThere(await locate({ by: 'deploy', name: 'producton' }, here.path, null))).rejects.toThrow(
      '.env.production',
    )
  })

  test('a plain .env is made where no other can be meant', async () => {
    put('.env.example')
    expect(await codeOf(async () => expectMayBeMade(await locate({ by: 'default' }, here.path, null), 'usual'))).toBe('ok')
  })

  test('a plain .env is not made beside another .env file', async () => {
    put('.env.production')
    const deploy = await locate({ by: 'default' }, here.path, null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'create'))).toBe('ok')
  })

  test('a plain .env is not made below one of the same checkout', async () => {
    mkdirSync(join(here.path, '.git'))
    mkdirSync(join(here.path, 'packages/app'), { recursive: true })
    const deploy = await locate({ by: 'default' }, join(here.path, 'packages/app'), null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual'))).toBe('ok')
    put('.env')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
  })

  test('any other file is made only when it is asked for', async () => {
    const deploy = await locate({ by: 'deploy', name: 'review' }, here.path, null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'create'))).toBe('ok')
  })

  test('a link to nothing is there for nobody', async () => {
    symlinkSync(join(here.path, 'gone'), join(here.path, '.env'))
    expect(await codeOf(async () => expectThere(await locate({ by: 'default' }, here.path, null)))).toBe('USAGE')
  })
})
