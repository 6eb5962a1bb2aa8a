import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ipVersion } from '../../src/domain/address.ts'

test('an address is told from a name as the network tells it', () => {
  const nearly = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.domain(),
    fc.string(),
    fc.stringMatching(/^[0-9a-f:.]{1,24}$/),
    fc.stringMatching(/^[0-9.]{5,17}$/),
  )
  fc.assert(
    fc.property(nearly, (text) => {
      expect(ipVersion(text)).toBe(isIP(text))
    }),
    { numRuns: 2_000 },
  )
})

test.each(['::1', 'fe80::1%eth0', '127.0.0.1', '1.2.3.256', '01.2.3.4', 'db1', '::ffff:1.2.3.4', '1::2::3', '', '%', '::1%'])(
  '%s',
  (text) => {
    expect(ipVersion(text)).toBe(isIP(text))
  },
)
