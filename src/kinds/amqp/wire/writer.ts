/** What we write: texts, numbers of one width, and tables of texts and switches. */
export type Written = string | boolean | { readonly [name: string]: Written }

export const octet = (number: number): Buffer => Buffer.from([number])

export function short(number: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(number)
  return bytes
}

export function long(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

/** At most 255 bytes: whoever calls it has seen to that. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([octet(bytes.length), bytes])
}

export function longText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([long(bytes.length), bytes])
}

export function table(fields: Readonly<Record<string, Written>>): Buffer {
  const bytes = Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [shortText(name), field(value)]))
  return Buffer.concat([long(bytes.length), bytes])
}

function field(value: Written): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), longText(value)])
  if (typeof value === 'boolean') return Buffer.concat([Buffer.from('t'), octet(value ? 1 : 0)])
  return Buffer.concat([Buffer.from('F'), table(value)])
}
