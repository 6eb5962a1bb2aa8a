import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, splitHandle } from '../../domain/handle-split.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'

/** A parsed handle of beanstalkd. It holds no secret: the protocol has no login. */
export interface Beanstalkd {
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** What the app puts its jobs into, where the handle says. */
  readonly tube: string | null
  /** What tunes a client, by name; of what is not known only that it stands there. */
  readonly tuning: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

export const BEANSTALKD_SCHEMES = ['beanstalkd', 'beanstalk']

/** They tune a client and mean nothing to the server. */
const TUNING = ['timeout', 'connect_timeout', 'connection_timeout', 'reserve_timeout', 'ttr', 'priority', 'delay', 'persistent']

export const BEANSTALKD_GRAMMAR: HandleGrammar = {
  schemes: BEANSTALKD_SCHEMES,
  example: 'beanstalkd://HOST:11300',
  queryKeys: ['tube', ...TUNING],
  socketSchemes: [],
}

/** Throws HANDLE_INVALID. */
export function parseBeanstalkd(handle: Handle): Beanstalkd {
  const split = splitHandle(handle.reveal(), BEANSTALKD_GRAMMAR)
  const { scheme, host, port, path } = split
  if (split.user !== null || split.password !== null)
    throw invalid(
      'has a user or a password, and beanstalkd has no login',
      `leave out what stands before the @: ${BEANSTALKD_GRAMMAR.example}`,
    )
  if (host === null) throw invalid('names no host', `write ${BEANSTALKD_GRAMMAR.example}`)
  if (host.text.startsWith('/')) throw invalid('has a path where the host stands', `write ${BEANSTALKD_GRAMMAR.example}`)
  if (path !== null && path.text !== '')
    throw invalid('has a path behind its host, where beanstalkd has nothing', 'a tube is written ?tube=NAME')
  return {
    scheme,
    host: hostName(host),
    port: port?.number ?? 11_300,
    tube: tubeOf(split),
    tuning: tuningOf(split),
    remarks: remarksOf(split),
  }
}

export function identifyBeanstalkd({ scheme, host, port, tube }: Beanstalkd): Identity {
  return { kind: 'beanstalkd', scheme, host, port, ...(tube === null ? {} : { name: tube }), tls: 'disable', ...providerOf(host) }
}

/** There are no credentials, so none that everybody begins with. */
export const traitsOfBeanstalkd = ({ tuning }: Beanstalkd): Traits => ({ parameters: tuning, defaultCredentials: null })

/** https://github.com/beanstalkd/beanstalkd/blob/master/doc/protocol.txt, "Name" */
export const TUBE = /^[A-Za-z0-9+/;.$_()][A-Za-z0-9+/;.$_()-]{0,199}$/

function tubeOf(split: SplitHandle): string | null {
  const tube = queryText(split, 'tube')
  if (tube !== null && !TUBE.test(tube))
    throw invalid(
      'has a tube that beanstalkd would not take',
      'write letters, digits and - + / ; . $ _ ( ), at most 200, not beginning with -',
    )
  return tube
}

const PLAIN_KEY = /^[A-Za-z0-9_.-]{1,64}$/

function tuningOf({ query, unknown }: SplitHandle): Beanstalkd['tuning'] {
  const known = query.filter(({ key }) => TUNING.includes(key)).map(({ key, text }) => [key, text] as const)
  const others = [...unknown.keys()].filter((key) => PLAIN_KEY.test(key)).map((key) => [key, UNSHOWN] as const)
  return new Map([...known, ...others])
}

function remarksOf({ unknownKeys, repeatedKeys }: SplitHandle): readonly Finding[] {
  const warn = (id: string, detail: string, remedy: string): Finding => ({ id, severity: 'warn', status: 'warn', detail, remedy })
  return [
    ...[...new Set(unknownKeys)].map((key) =>
      warn(
        'handle.unknown_key',
        `${PLAIN_KEY.test(key) ? `the query key ${key}` : 'a query key'} means nothing here; clients pass over it or refuse it`,
        'remove it, unless the app alone reads it',
      ),
    ),
    ...[...new Set(repeatedKeys)].map((key) =>
      warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one'),
    ),
  ]
}
