import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { parsePostgres } from '../../../src/kinds/postgres/handle.ts'
import { UNSHOWN } from '../../../src/ports/kind.ts'

const traitsOf = (handle: string) => parsePostgres(new Secret(handle)).traits
const parametersOf = (query: string) => Object.fromEntries(traitsOf(`postgres://app:pw@db1/app?${query}`).parameters)

describe('the parameters of a handle', () => {
  test('are those that tell a client how to behave, decoded, and none of place, login or TLS', () => {
    expect(
      parametersOf(
        'connect_timeout=5&application_name=a%20b&target_session_attrs=read-write&host=x&port=1&user=u&password=S3cret&dbname=d&sslmode=require&sslrootcert=%2Fa&ssl_min_protocol_version=TLSv1.3&sslpassword=S3cret&passfile=%2Fp',
      ),
    ).toEqual({ connect_timeout: '5', application_name: 'a b', target_session_attrs: 'read-write' })
  })

  test('each setting of options counts as one', () => {
    const options = encodeURIComponent(
      '-c search_path=shop,public -cstatement_timeout=5s --work_mem=64MB -c role=a\\ b -c app.jwt=S3cret -q',
    )
    expect(parametersOf(`options=${options}`)).toEqual({
      'options search_path': 'shop,public',
      'options statement_timeout': '5s',
      'options work_mem': '64MB',
      'options role': 'a b',
      'options app.jwt': UNSHOWN,
    })
  })

  test('what libraries of apps read is shown; of any other only that it stands there', () => {
    expect(parametersOf('pool=20&pgbouncer=true&schema=a%2Cb&foo=S3cret&pool=30&b%C3%A4d=1')).toEqual({
      pool: '30',
      pgbouncer: 'true',
      schema: 'a,b',
      foo: UNSHOWN,
    })
  })
})

describe('default credentials', () => {
  test.each(['postgres:postgres', 'app:app', 'app:password', 'app:Postgres', ':example', 'a%40b:a%40b'])('%s is one', (login) => {
    expect(traitsOf(`postgres://${login}@db1/app`).defaultCredentials).toMatch(
      /^the password of (the user|user \S+) is one that anybody would try first$/,
    )
  })

  test.each(['app', 'app:', 'app:gh7Kp2', 'postgres:hunter22', ''])('%s is none', (login) => {
    expect(traitsOf(`postgres://${login === '' ? '' : `${login}@`}db1/app`).defaultCredentials).toBeNull()
  })
})
