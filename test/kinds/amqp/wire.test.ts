import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAME_MAX, frame, readFrame } from '../../../src/kinds/amqp/wire/frames.ts'
import { Reader } from '../../../src/kinds/amqp/wire/reader.ts'
import { type Said, saidIn } from '../../../src/kinds/amqp/wire/said.ts'
import { say } from '../../../src/kinds/amqp/wire/say.ts'
import { long, octet, shortText, table } from '../../../src/kinds/amqp/wire/writer.ts'
import { ack, blocked, channelClosed, closed, heartbeat, method, start, tune } from '../../support/amqp.ts'

const read = (bytes: Buffer): Said => {
  const found = readFrame(bytes)
  if (found === null) throw new Error('not whole')
  return saidIn(found.frame)
}

describe('the frames of AMQP 0-9-1', () => {
  test.each<readonly [string, Buffer, object]>([
    ['start', start({ mechanisms: 'PLAIN  EXTERNAL' }), { is: 'start', mechanisms: ['PLAIN', 'EXTERNAL'] }],
    ['tune', tune({ channelMax: 7, frameMax: 4_096, heartbeat: 9 }), { is: 'tune', channelMax: 7, frameMax: 4_096, heartbeat: 9 }],
    ['close', closed(530, 'NOT_ALLOWED - ü'), { is: 'closed', code: 530, text: 'NOT_ALLOWED - ü' }],
    ['channel close', channelClosed(404, 'NOT_FOUND'), { is: 'channel closed', channel: 1, code: 404, text: 'NOT_FOUND' }],
    ['blocked', blocked('low on disk'), { is: 'blocked', reason: 'low on disk' }],
    ['declare-ok', method(1, 50, 11, shortText('q'), long(3), long(2)), { is: 'queue', messages: 3, consumers: 2 }],
    ['ack', ack, { is: 'ack' }],
    ['heartbeat', heartbeat, { is: 'heartbeat' }],
  ])('%s is read, and no part of it is taken for the whole', (_, bytes, said) => {
    expect(read(bytes)).toMatchObject(said)
    expect(readFrame(Buffer.concat([bytes, Buffer.from('more')]))).toMatchObject({ length: bytes.length })
    for (let cut = 0; cut < bytes.length; cut += 1) expect(readFrame(bytes.subarray(0, cut))).toBeNull()
  })

  const without = (bytes: Buffer, from: number): Buffer => frame('method', 0, bytes.subarray(7, -1).subarray(0, from))

  test.each<readonly [string, Buffer, string]>([
    ['no frame type', Buffer.from('HTTP/1.1'), 'protocol'],
    ['no mark at its end', Buffer.concat([closed(200, 'x').subarray(0, -1), octet(0)]), 'protocol'],
    ['a frame longer than any', Buffer.concat([octet(1), octet(0), octet(0), long(FRAME_MAX)]), 'too-much'],
    ['a frame of four gigabytes', Buffer.from([1, 0, 0, 255, 255, 255, 255]), 'too-much'],
    ['a method that nobody sends', method(0, 10, 99), 'protocol'],
    ['a content', frame('header', 1, Buffer.alloc(14)), 'protocol'],
    ['a method that breaks off', without(closed(530, 'a text'), 9), 'protocol'],
    ['no method', frame('method', 0, Buffer.alloc(1)), 'protocol'],
    ['a table without end', method(0, 10, 10, octet(0), octet(9), long(0xff_ff_ff_ff)), 'protocol'],
  ])('%s is refused', (_, bytes, code) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ name: 'NetError', code }))
  })

  test('what we say is read as it was meant', () => {
    for (const bytes of [say.open('shop/ü'), say.publish(1, 'key', 'x'), say.queue(1, 'q'), say.exchange(1, 'e'), say.close()]) {
      let rest = bytes
      while (rest.length > 0) rest = rest.subarray(readFrame(rest)?.length ?? expect.fail('not whole'))
    }
    const { frame: opened } = readFrame(say.open('ü')) ?? expect.fail('not whole')
    expect(opened.payload).toEqual(Buffer.from([0, 10, 0, 40, 2, 0xc3, 0xbc, 0, 0]))
    const { frame: asked } = readFrame(say.queue(1, 'q')) ?? expect.fail('not whole')
    expect(asked.payload, 'passive, and nothing else').toEqual(Buffer.from([0, 50, 0, 10, 0, 0, 1, 113, 1, 0, 0, 0, 0]))
  })

  test('random bytes are a frame, incomplete, or refused, and never anything else', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 40 }).map((payload) => frame('method', 0, Buffer.from(payload))),
      fc.uint8Array({ maxLength: 60 }).map((payload) => method(0, 10, 10, Buffer.from([0, 9]), long(payload.length), Buffer.from(payload))),
    )
    fc.assert(
      fc.property(bytes, (some) => {
        try {
          const found = readFrame(Buffer.from(some))
          if (found !== null) saidIn(found.frame)
        } catch (error) {
          expect(error).toMatchObject({ name: 'NetError', code: expect.stringMatching(/^(protocol|too-much)$/) })
        }
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('a field table', () => {
  const field = (type: string, ...bytes: readonly number[]): Buffer => {
    const inside = Buffer.concat([shortText('f'), Buffer.from(type), Buffer.from(bytes)])
    return Buffer.concat([long(inside.length), inside])
  }
  const valueIn = (bytes: Buffer): unknown => new Reader(bytes).table().get('f')

  test.each<readonly [string, readonly number[], unknown]>([
    ['t', [1], true],
    ['b', [0xff], -1],
    ['B', [0xff], 255],
    ['s', [0xff, 0xfe], -2],
    ['u', [1, 0], 256],
    ['I', [0xff, 0xff, 0xff, 0xff], -1],
    ['i', [0, 0, 1, 0], 256],
    ['l', [0, 0, 0, 0, 0, 0, 1, 0], 256],
    ['T', [0, 0, 0, 0, 0, 0, 0, 9], 9],
    ['d', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['f', [0x3f, 0xc0, 0, 0], 1.5],
    ['D', [1, 0, 0, 0, 15], 1.5],
    ['S', [0, 0, 0, 2, 0xc3, 0xbc], 'ü'],
    ['x', [0, 0, 0, 1, 0xab], 'ab'],
    ['A', [0, 0, 0, 4, 0x74, 0, 0x74, 1], [false, true]],
    ['V', [], null],
  ])('%s is read', (type, bytes, value) => {
    expect(valueIn(field(type, ...bytes))).toEqual(value)
  })

  test('a table in a table is one', () => {
    const read = new Reader(table({ capabilities: { publisher_confirms: true }, product: 'RabbitMQ' })).table()
    expect(read.get('capabilities')).toEqual(new Map([['publisher_confirms', true]]))
    expect(read.get('product')).toBe('RabbitMQ')
  })

  test('unknown letters, tables in tables without end, and fields without number are refused', () => {
    expect(() => valueIn(field('?', 1))).toThrow(expect.objectContaining({ code: 'protocol' }))
    let deep = table({})
    for (let depth = 0; depth < 12; depth += 1) {
      const inside = Buffer.concat([shortText('f'), Buffer.from('F'), deep])
      deep = Buffer.concat([long(inside.length), inside])
    }
    expect(() => new Reader(deep).table()).toThrow(expect.objectContaining({ code: 'too-much' }))
    const many = Buffer.concat(Array.from({ length: 1_100 }, () => Buffer.concat([shortText('f'), Buffer.from('V')])))
    expect(() => new Reader(Buffer.concat([long(many.length), many])).table()).toThrow(expect.objectContaining({ code: 'too-much' }))
    const list = Buffer.alloc(1_100, 'V')
    expect(() => valueIn(field('A', ...long(list.length), ...list))).toThrow(expect.objectContaining({ code: 'too-much' }))
  })
})
