import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attach, folder } from '../support/cli.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'

describe.runIf(havePostgres())('attach on a real .env and a real PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  test('a server that is up is attached, and exit 0 says so', async () => {
    const { path, env, remove } = folder('# the app\nPORT=3000\n')
    const url = server.url()
    const ran = await attach([`DATABASE_URL=${url}`], { cwd: path })
    expect(ran).toMatchObject({ exit: 0 })
    expect(ran.stdout).toContain('v1: DATABASE_URL → ')
    expect(ran.stdout).toContain('Undo: attach undo v1')
    expect(readFileSync(env, 'utf8')).toBe(`# the app\nPORT=3000\nDATABASE_URL=${url}\n`)
    remove()
  })

  test('a server that is down is exit 3 with the way on, and nothing is written', async () => {
    const { path, env, remove } = folder('PORT=3000\n')
    const ran = await attach([`DATABASE_URL=postgres://app:secret-word@127.0.0.1:${await freePort()}/app`], { cwd: path })
    expect(ran).toMatchObject({ exit: 3, stdout: '' })
    expect(ran.stderr).toContain('connect')
    expect(ran.stderr).toContain('--no-probe')
    expect(ran.stderr).not.toContain('secret-word')
    expect(readFileSync(env, 'utf8')).toBe('PORT=3000\n')
    remove()
  })

  test('a wrong password is exit 3, and nothing is written', async () => {
    const { path, env, remove } = folder('PORT=3000\n')
    const ran = await attach([`DATABASE_URL=${server.url({ password: 'not-the-password' })}`], { cwd: path })
    expect(ran).toMatchObject({ exit: 3, stdout: '' })
    expect(ran.stderr).toContain('login')
    expect(ran.stderr).not.toContain('not-the-password')
    expect(readFileSync(env, 'utf8')).toBe('PORT=3000\n')
    remove()
  })
})
