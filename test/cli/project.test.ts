import { mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asDocument, attach } from '../support/cli.ts'
import { type Scratch, scratch, treeOf } from '../support/scratch.ts'

/** A folder with an attach.yaml and the configs it names. */
function project(yaml: string, configs: Readonly<Record<string, string>>): Scratch {
  const place = scratch()
  place.write('attach.yaml', yaml)
  for (const [name, text] of Object.entries(configs)) place.write(name, text)
  return place
}

const TWO = 'default: staging\ndeploys:\n  production: { config: conf/live.env }\n  staging: { config: .env.staging }\n'
const CONFIGS = {
  'conf/live.env': 'A_URL=redis://live.test/0\n',
  '.env.staging': 'A_URL=redis://staging.test/0\n',
  '.env': 'A_URL=redis://env.test/0\n',
}

describe('with attach.yaml', { concurrent: true }, () => {
  test('a deploy is named by it in documents, hints and the undo line, which runs as it stands', async () => {
    using place = project(TWO, CONFIGS)
    const how = { cwd: place.path }
    const made = await asDocument(['swap', 'A_URL=redis://b.test/0', '--no-probe', '-d', 'production'], how)
    expect(made.document).toMatchObject({ exit: 0, deploy: 'production', undo: ['attach', 'undo', 'v1', '-d', 'production'] })
    expect(place.read('conf/live.env')).toBe('A_URL=redis://b.test/0\n')
    expect(await attach(['undo', 'v1', '-d', 'production', '--no-probe'], how)).toMatchObject({ exit: 0 })
    expect(place.read('conf/live.env')).toBe(CONFIGS['conf/live.env'])
    const usual = await asDocument(['swap', 'A_URL=redis://b.test/0', '--no-probe'], how)
    expect(usual.document).toMatchObject({ deploy: 'staging', undo: ['attach', 'undo', 'v1'] })
    expect(place.read('.env')).toBe(CONFIGS['.env'])
  })

  test('-c to its config is the deploy: also for --confirm', async () => {
    using place = project(TWO, CONFIGS)
    const how = { cwd: place.path }
    const line = ['detach', 'A_URL', '-c', './conf/live.env']
    expect(await attach([...line, '--confirm', 'conf/live.env'], how)).toMatchObject({ exit: 3 })
    expect((await asDocument([...line, '--confirm', 'production'], how)).document).toMatchObject({
      exit: 0,
      deploy: 'production',
      undo: ['attach', 'undo', 'v1', '-d', 'production'],
    })
    expect((await asDocument(['status', '-c', '.env'], how)).document).toMatchObject({ exit: 0, deploy: '.env' })
  })

  test('status lists the keys that it declares, as the kind it declares; one that is absent is not listed', async () => {
    using place = project(`${TWO}resources:\n  API_TOKEN: { kind: opaque }\n  A_URL: { expect: writable }\n  GONE: { kind: redis }\n`, {
      '.env.staging': 'A_URL=redis://a.test/0\nAPI_TOKEN=S3cretToken\nPORT=1\n',
    })
    const ran = await asDocument(['status'], { cwd: place.path })
    expect(ran.document.attachments).toMatchObject([
      { key: 'A_URL', kind: 'redis' },
      { key: 'API_TOKEN', kind: 'opaque', target: '(not shown)' },
    ])
    expect(ran.stdout).not.toContain('S3cret')
  })

  test('probe asks what it declares, in the way of the declared kind', async () => {
    using place = project(`deploys: { one: { config: .env } }\nresources: { API_TOKEN: { kind: opaque }, DB: { kind: postgres } }\n`, {
      '.env': 'API_TOKEN=S3cretToken\nDB=\nPORT=1\n',
    })
    const how = { cwd: place.path }
    expect(await attach(['probe'], how)).toEqual({ exit: 0, stdout: 'API_TOKEN  opaque, not probed\n', stderr: '' })
    place.write('.env', 'DB=app:S3cretWord/db\n')
    for (const line of [['probe'], ['probe', 'DB']]) {
      const ran = await attach(line, how)
      expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining('DB: the handle') })
      expect(ran.stderr).not.toContain('S3cret')
    }
    expect(await attach(['probe', 'DB', '--kind', 'opaque'], how)).toMatchObject({ exit: 0 })
  })

  test('a value that a declared reader would misread is not written, and the reader is named; what stood there once goes back', async () => {
    using place = project('deploys: { one: { config: .env } }\n', { '.env': 'TOKEN=one\n' })
    const how = { cwd: place.path }
    const line = ['TOKEN=two words', '--kind', 'opaque', '-y']
    place.write('attach.yaml', 'deploys: { one: { config: .env, readers: [kubectl] } }\n')
    const before = treeOf(place.path)
    for (const args of [[...line, '--dry-run'], line]) {
      const said = expect.stringMatching(/kubectl reads this config: TOKEN: .*nothing was changed\n {2}hint: /)
      expect(await attach(args, how)).toMatchObject({ exit: 3, stderr: said })
    }
    expect(treeOf(place.path)).toEqual(before)
    place.write('attach.yaml', 'deploys: { one: { config: .env } }\n')
    for (const args of [line, ['TOKEN=three', '--kind', 'opaque', '-y']]) expect(await attach(args, how)).toMatchObject({ exit: 0 })
    place.write('attach.yaml', 'deploys: { one: { config: .env, readers: [kubectl] } }\n')
    expect(await attach(['undo', 'v2'], how)).toMatchObject({ exit: 0 })
    expect(place.read()).toMatch(/two words/)
  })

  test('a config that is gone is told with the line that names it; --create makes it', async () => {
    using place = project(TWO, {})
    const how = { cwd: place.path }
    for (const line of ['status -d production', 'recover -d production', 'A_URL=redis://a.test/0 --no-probe -d production']) {
      expect(await attach(line.split(' '), how)).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('conf/live.env does not exist (attach.yaml:3 names it as the config of production)'),
      })
    }
    mkdirSync(place.at('conf'))
    expect(await attach(['A_URL=redis://a.test/0', '--no-probe', '-d', 'production', '--create'], how)).toMatchObject({ exit: 0 })
    expect(place.read('conf/live.env')).toBe('A_URL=redis://a.test/0\n')
  })

  test('a broken one is nothing to a command that needs no deploy', async () => {
    using place = project('deploys: [', CONFIGS)
    const how = { cwd: place.path }
    const before = treeOf(place.path)
    expect(await attach(['probe', 'redis://127.0.0.1:1/0'], how)).toMatchObject({ exit: 3 })
    expect(await attach(['help'], how)).toMatchObject({ exit: 0 })
    expect(await attach(['version'], how)).toMatchObject({ exit: 0 })
    expect((await asDocument(['status'], how)).document).toMatchObject({ exit: 2, outcome: 'unchanged', error: { code: 'CONFIG_INVALID' } })
    expect(treeOf(place.path)).toEqual(before)
  })

  test('no variable of the environment makes the parser print the file', async () => {
    using place = project(`${TWO}# S3cretWord\n`, CONFIGS)
    const ran = await attach(['status'], { cwd: place.path, env: { LOG_TOKENS: '1', LOG_STREAM: '1' } })
    expect(ran).toMatchObject({ exit: 0, stderr: '' })
    expect(ran.stdout).not.toMatch(/S3cret|default/)
  })
})
