import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import type { Amqp } from './handle.ts'

/** Passwords of the images, charts and guides. */
const WELL_KNOWN = ['guest', 'admin', 'rabbitmq', 'rabbit', 'bitnami', 'password', 'changeme', 'secret', 'test']

export function traitsOfAmqp({ tuning, unknown, user, password, mechanism }: Amqp): Traits {
  const others = unknown.filter((key) => /^[A-Za-z0-9_.-]{1,64}$/.test(key)).map((key) => [key, UNSHOWN] as const)
  return { parameters: new Map([...tuning, ...others]), defaultCredentials: mechanism === 'EXTERNAL' ? null : defaultCredentials() }

  function defaultCredentials(): string | null {
    const word = password.reveal().toLowerCase()
    if (user === 'guest' && word === 'guest') return 'user guest with the password that every installation begins with'
    return WELL_KNOWN.includes(word) ? `the password of user ${user} is that of every guide` : null
  }
}
