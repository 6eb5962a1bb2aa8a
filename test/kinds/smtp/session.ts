import type { Behaviour } from '../../support/liars.ts'

/**
 * Greets, and answers each command by its first words: `EHLO`, `AUTH PLAIN`. `*` is the answer to what has none of its own. A session of a server
 * that lies where a real one would not.
 */
export const session =
  (answers: Readonly<Record<string, string>>, greeting = '220 mail.example.test ESMTP\r\n'): Behaviour =>
  (socket) => {
    const all: Readonly<Record<string, string>> = {
      EHLO: '250 mail.example.test\r\n',
      QUIT: '221 bye\r\n',
      NOOP: '250 ok\r\n',
      RSET: '250 ok\r\n',
      ...answers,
    }
    socket.write(greeting)
    socket.on('data', (chunk) => {
      for (const line of chunk
        .toString('latin1')
        .split('\r\n')
        .filter((each: string) => each !== '')) {
        const [verb = '', second = ''] = line.split(' ')
        const answer = all[`${verb} ${second}`] ?? all[verb] ?? all['*'] ?? '250 ok\r\n'
        if (!socket.destroyed) socket.write(answer)
      }
    })
  }
