import { createServer, type Socket } from 'node:net'

/** What a real Postfix asks whether a password is right. */
export interface PasswordStore {
  readonly port: number
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Speaks as much of Dovecot's authentication protocol as Postfix needs to serve AUTH PLAIN and LOGIN, for one user.
 * https://doc.dovecot.org/main/developers/design/auth_protocol.html
 */
export function passwordStore({ user, password }: { readonly user: string; readonly password: string }): Promise<PasswordStore> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    const say = (...fields: readonly string[]) => socket.write(`${fields.join('\t')}\n`)
    say('VERSION', '1', '1')
    for (const mechanism of ['PLAIN', 'LOGIN']) say('MECH', mechanism, 'plaintext')
    for (const fields of [['SPID', '1'], ['CUID', '1'], ['COOKIE', '0'.repeat(32)], ['DONE']]) say(...fields)
    let rest = ''
    socket.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const [verb, id = '', mechanism, ...fields] of lines.map((line) => line.split('\t'))) {
        if (verb !== 'AUTH') continue
        const response = fields.find((field) => field.startsWith('resp='))?.slice('resp='.length) ?? ''
        const [, name, secret] = Buffer.from(response, 'base64').toString().split('\0')
        const isRight = mechanism === 'PLAIN' && name === user && secret === password
        say(isRight ? 'OK' : 'FAIL', id, `user=${name ?? ''}`)
      }
    })
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      resolve({
        port: address.port,
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => done())
          }),
      })
    })
  })
}
