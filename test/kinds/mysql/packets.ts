import type { Behaviour } from '../../support/liars.ts'

/** A message of the server: three bytes of length, its number, what it says. */
export function packet(number: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head.writeUInt8(number & 255, 3)
  return Buffer.concat([head, body])
}

export const error = (number: number, code: number, text: string, state = ''): Buffer =>
  packet(number, [0xff, code & 255, code >> 8], state === '' ? '' : `#${state}`, text)

export const ok = (number: number): Buffer => packet(number, [0, 0, 0, 2, 0, 0, 0])
const end = (number: number): Buffer => packet(number, [0xfe, 0, 0, 2, 0])

export const NONCE = Buffer.from('abcdefghijklmnopqrst')

/** Without TLS unless it is said. */
export function greeting({ version = '8.4.3', plugin = 'caching_sha2_password', tls = false } = {}): Buffer {
  const [low, high] = [0x2201 | 0x8000 | (tls ? 0x800 : 0), 0x0038]
  return packet(
    0,
    ...[[10], `${version}\0`, [1, 0, 0, 0], NONCE.subarray(0, 8), [0]],
    ...[[low & 255, low >> 8, 255, 2, 0, high & 255, high >> 8, 21], Buffer.alloc(10), NONCE.subarray(8), [0], `${plugin}\0`],
  )
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])

/** Rows of two columns, as `SHOW VARIABLES` tells them. */
export function pairs(rows: Readonly<Record<string, string>>): Buffer {
  const column = (number: number, name: string) =>
    packet(number, text('def'), text(''), text(''), text(''), text(name), text(name), [0x0c, 45, 0, 255, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0])
  const told = Object.entries(rows).map(([name, value], at) => packet(5 + at, text(name), text(value)))
  return Buffer.concat([packet(1, [2]), column(2, 'Variable_name'), column(3, 'Value'), end(4), ...told, end(5 + told.length)])
}

/** What the client said, without the heads of its packets. */
export type Answer = (said: Buffer, turn: number) => Buffer | null

/** Greets, and answers each message of the client. A null hangs up. */
export const mysqlLiar =
  (hello: Buffer, answer: Answer): Behaviour =>
  (socket) => {
    let turn = 0
    socket.write(hello)
    socket.on('data', (chunk) => {
      const reply = answer(chunk.subarray(4), turn)
      turn += 1
      if (reply === null) socket.destroy()
      else socket.write(reply)
    })
  }
