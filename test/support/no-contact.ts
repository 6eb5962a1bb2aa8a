import dns from 'node:dns'
import dnsPromises from 'node:dns/promises'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll } from 'vitest'

/** What reaches out, and what opens a file, by its names in node's modules. */
const OUTWARD: readonly (readonly [module: object, names: readonly string[]])[] = [
  [dns, ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveSrv']],
  [dnsPromises, ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveSrv']],
  [net, ['connect', 'createConnection']],
  [tls, ['connect']],
  [fsPromises, ['readFile', 'open']],
]

/** In the tests beside and below, whatever contacts anything throws. */
export function contactsNothing(): void {
  const own = OUTWARD.map(
    ([module, names]) => [module, Object.fromEntries(names.map((name) => [name, Reflect.get(module, name)]))] as const,
  )
  beforeAll(() => {
    for (const [module, names] of OUTWARD) for (const name of names) Reflect.set(module, name, contact)
    syncBuiltinESMExports()
  })
  afterAll(() => {
    for (const [module, functions] of own) Object.assign(module, functions)
    syncBuiltinESMExports()
  })
}

function contact(): never {
  throw new Error('something was contacted')
}
