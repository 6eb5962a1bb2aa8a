/** An answer of the binary protocol. `size`: what it says of its body, where that is a lie. */
export function packet({
  opcode,
  status = 0,
  key = '',
  value = '',
  size,
}: {
  readonly opcode: number
  readonly status?: number
  readonly key?: string
  readonly value?: string
  readonly size?: number
}): Buffer {
  const [name, body] = [Buffer.from(key), Buffer.from(value)]
  const header = Buffer.alloc(24)
  header.writeUInt8(0x81, 0)
  header.writeUInt8(opcode, 1)
  header.writeUInt16BE(name.length, 2)
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(size ?? name.length + body.length, 8)
  return Buffer.concat([header, name, body])
}
