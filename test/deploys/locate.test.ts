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
const codeOf = (run: () => void): string => {
  try {
    run()
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
  ])('%j is %s', (where, label, options) => {
    expect(locate(where, here.path, null)).toMatchObject({ label, path: join(here.path, label), options })
  })

  test('the options of another directory lead there again', () => {
    mkdirSync(join(here.path, 'app'))
    expect(locate({ by: 'deploy', name: 'x' }, here.path, 'app')).toMatchObject({ label: 'app/.env.x', options: ['-C', 'app', '-d', 'x'] })
  })

  test('a store that nothing speaks is refused by its scheme', () => {
    expect(codeOf(() => locate({ by: 'config', address: 'etcd://u:secret@h/app' }, here.path, null))).toBe('USAGE')
  })

  test('a name with control characters is shown without them', () => {
    expect(locate({ by: 'config', address: 'a\u001b[2J\n::error::.env' }, here.path, null).label).toBe('a\\u001b[2J\\n::error::.env')
  })
})

describe('a config that is not there', () => {
  test('is named with the nearest one that is', () => {
    put('.env.production')
    expect(() => expectThere(locate({ by: 'deploy', name: 'producton' }, here.path, null))).toThrow('.env.production')
  })

  test('a plain .env is made where no other can be meant', () => {
    put('.env.example')
    expect(codeOf(() => expectMayBeMade(locate({ by: 'default' }, here.path, null), 'usual'))).toBe('ok')
  })

  test('a plain .env is not made beside another .env file', () => {
    put('.env.production')
    const deploy = locate({ by: 'default' }, here.path, null)
    expect(codeOf(() => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
    expect(codeOf(() => expectMayBeMade(deploy, 'create'))).toBe('ok')
  })

  test('a plain .env is not made below one of the same checkout', () => {
    mkdirSync(join(here.path, '.git'))
    mkdirSync(join(here.path, 'packages/app'), { recursive: true })
    const deploy = locate({ by: 'default' }, join(here.path, 'packages/app'), null)
    expect(codeOf(() => expectMayBeMade(deploy, 'usual'))).toBe('ok')
    put('.env')
    expect(codeOf(() => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
  })

  test('any other file is made only when it is asked for', () => {
    const deploy = locate({ by: 'deploy', name: 'review' }, here.path, null)
    expect(codeOf(() => expectMayBeMade(deploy, 'usual'))).toBe('USAGE')
    expect(codeOf(() => expectMayBeMade(deploy, 'create'))).toBe('ok')
  })

  test('a link to nothing is there for nobody', () => {
    symlinkSync(join(here.path, 'gone'), join(here.path, '.env'))
    expect(codeOf(() => expectThere(locate({ by: 'default' }, here.path, null)))).toBe('USAGE')
  })
})
