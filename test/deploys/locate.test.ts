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
const around = () => ({ cwd: here.path, env: {} })
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

describe('with attach.yaml', () => {
  const yaml = (text: string): void => writeFileSync(join(here.path, 'attach.yaml'), text)
  const TWO = 'default: staging\ndeploys:\n  production: { config: conf/prod.env, protected: true }\n  staging: { config: .env.staging }\n'
  const located = async (where: Parameters<typeof locate>[0], cwd = here.path, directory: string | null = null) =>
    await locate(where, cwd, directory)

  test('nothing named is its default, and its options lead there without -d', async () => {
    yaml(TWO)
    expect(await located({ by: 'default' })).toMatchObject({
      name: 'staging',
      label: '.env.staging',
      path: join(here.path, '.env.staging'),
      options: [],
      namedAt: 'attach.yaml:4',
      declared: { protected: false, file: join(here.path, 'attach.yaml'), folder: here.path },
    })
  })

  test('nothing named is its only one', async () => {
    yaml('deploys: { live: { config: app.env } }\n')
    expect(await located({ by: 'default' })).toMatchObject({ name: 'live', label: 'app.env', options: [] })
  })

  test('nothing named, of several without a default, is none: their names are said', async () => {
    yaml(TWO.replace('default: staging\n', ''))
    await expect(located({ by: 'default' })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'attach.yaml has production, staging and no default: which one is meant?; nothing was contacted',
      hint: 'add -d production',
    })
  })

  test('-d is one of its deploys, whatever files stand here', async () => {
    yaml(TWO)
    put('.env.prod')
    expect(await located({ by: 'deploy', name: 'production' })).toMatchObject({
      name: 'production',
      label: 'conf/prod.env',
      options: ['-d', 'production'],
      declared: { protected: true },
    })
    await expect(located({ by: 'deploy', name: 'prod' })).rejects.toMatchObject({
      code: 'USAGE',
      message: '-d names no deploy of attach.yaml; did you mean "production"?; it has production, staging; nothing was contacted',
    })
    await expect(located({ by: 'deploy', name: 'review' })).rejects.toMatchObject({
      message: '-d names no deploy of attach.yaml; it has production, staging; nothing was contacted',
    })
  })

  test('-c that leads to the config of a deploy is that deploy, also through a link and before the file is there', async () => {
    yaml(TWO)
    const config = { by: 'config', address: 'conf/../conf/prod.env' } as const
    expect(await located(config)).toMatchObject({ name: 'production', options: ['-d', 'production'], declared: { protected: true } })
    mkdirSync(join(here.path, 'conf'))
    put('conf/prod.env')
    symlinkSync(join(here.path, 'conf/prod.env'), join(here.path, 'link.env'))
    expect(await located({ by: 'config', address: 'link.env' })).toMatchObject({
      name: 'production',
      label: 'conf/prod.env',
      declared: { protected: true },
    })
    expect(await located({ by: 'config', address: join(here.path, '.env.staging') })).toMatchObject({ name: 'staging', options: [] })
  })

  test('a deploy whose config is a link is found by the file behind it', async () => {
    yaml(TWO)
    put('shared.env')
    symlinkSync('shared.env', join(here.path, '.env.staging'))
    expect(await located({ by: 'config', address: 'shared.env' })).toMatchObject({ name: 'staging', label: '.env.staging' })
  })

  test('-c of any other file is that file, and attach.yaml says nothing of it', async () => {
    yaml(TWO)
    expect(await located({ by: 'config', address: '.env' })).toEqual({
      name: '.env',
      label: '.env',
      path: join(here.path, '.env'),
      exists: false,
      options: ['-c', '.env'],
      declared: null,
    })
  })

  test('-C goes to another one, and its options lead there again', async () => {
    mkdirSync(join(here.path, 'app'))
    writeFileSync(join(here.path, 'app/attach.yaml'), TWO)
    yaml('broken')
    expect(await located({ by: 'deploy', name: 'production' }, here.path, 'app')).toMatchObject({
      label: 'app/conf/prod.env',
      options: ['-C', 'app', '-d', 'production'],
      namedAt: 'app/attach.yaml:3',
      declared: { folder: join(here.path, 'app') },
    })
    await expect(located({ by: 'default' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('a link to one elsewhere is read as if it stood here, and its real file is known', async () => {
    mkdirSync(join(here.path, 'shared'))
    mkdirSync(join(here.path, 'app'))
    writeFileSync(join(here.path, 'shared/attach.yaml'), TWO)
    symlinkSync('../shared/attach.yaml', join(here.path, 'app/attach.yaml'))
    expect(await located({ by: 'default' }, join(here.path, 'app'))).toMatchObject({
      path: join(here.path, 'app/.env.staging'),
      declared: { folder: join(here.path, 'app'), file: join(here.path, 'shared/attach.yaml') },
    })
  })

  test.each([
    ['broken', () => yaml('deploys: {')],
    ['a directory', () => mkdirSync(join(here.path, 'attach.yaml'))],
    ['a link to nothing', () => symlinkSync('gone', join(here.path, 'attach.yaml'))],
    ['a link to a device', () => symlinkSync('/dev/null', join(here.path, 'attach.yaml'))],
    ['called attach.yml', () => put('attach.yml')],
  ])('one that is %s lets no deploy through, not even by -c: it may be protected', async (_, make) => {
    put('.env')
    make()
    for (const where of [{ by: 'default' }, { by: 'deploy', name: 'x' }, { by: 'config', address: '.env' }] as const) {
      await expect(located(where)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/; nothing was contacted$/),
      })
    }
  })

  test('beside an attach.yaml, an attach.yml is not looked at', async () => {
    yaml(TWO)
    writeFileSync(join(here.path, 'attach.yml'), 'broken')
    expect(await located({ by: 'default' })).toMatchObject({ name: 'staging' })
  })

  test('a config that is gone is told with the line that names it, and made only when asked for', async () => {
    yaml('deploys:\n  only:\n    config: .env\n')
    const deploy = await located({ by: 'default' })
    expect(() => expectThere(deploy, around())).toThrow('.env does not exist (attach.yaml:3 names it as the config of only)')
    expect(await codeOf(() => expectMayBeMade(deploy, 'usual', around()))).toBe('USAGE')
    expect(await codeOf(() => expectMayBeMade(deploy, 'create', around()))).toBe('ok')
    yaml('deploys: { only: { config: gone/.env } }\n')
    expect(await codeOf(async () => expectMayBeMade(await located({ by: 'default' }), 'create', around()))).toBe('USAGE')
  })
})

describe('a config that is not there', () => {
  test('is named with the nearest one that is', async () => {
    put('.env.production')
    await expect(async () => expectThere(await locate({ by: 'deploy', name: 'producton' }, here.path, null), around())).rejects.toThrow(
      '.env.production',
    )
  })

  test('a plain .env is made where no other can be meant', async () => {
    put('.env.example')
    expect(await codeOf(async () => expectMayBeMade(await locate({ by: 'default' }, here.path, null), 'usual', around()))).toBe('ok')
  })

  test('a plain .env is not made beside another .env file', async () => {
    put('.env.production')
    const deploy = await locate({ by: 'default' }, here.path, null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual', around()))).toBe('USAGE')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'create', around()))).toBe('ok')
  })

  test('a plain .env is not made below one of the same checkout', async () => {
    mkdirSync(join(here.path, '.git'))
    mkdirSync(join(here.path, 'packages/app'), { recursive: true })
    const deploy = await locate({ by: 'default' }, join(here.path, 'packages/app'), null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual', around()))).toBe('ok')
    put('.env')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual', around()))).toBe('USAGE')
  })

  test('any other file is made only when it is asked for', async () => {
    const deploy = await locate({ by: 'deploy', name: 'review' }, here.path, null)
    expect(await codeOf(async () => expectMayBeMade(deploy, 'usual', around()))).toBe('USAGE')
    expect(await codeOf(async () => expectMayBeMade(deploy, 'create', around()))).toBe('ok')
  })

  test('a link to nothing is there for nobody', async () => {
    symlinkSync(join(here.path, 'gone'), join(here.path, '.env'))
    expect(await codeOf(async () => expectThere(await locate({ by: 'default' }, here.path, null), around()))).toBe('USAGE')
  })
})
