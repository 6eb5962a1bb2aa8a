import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'
import type { RespError } from './resp.ts'

type Meaning = readonly [FailureClass, string, string, Depth?]

const WORDS: Readonly<Record<string, Meaning>> = {
  NOAUTH: ['permanent', 'the server asks for a password, and the handle has none', 'write it as :PASSWORD@ before the host', 'login'],
  WRONGPASS: [
    'permanent',
    'wrong user or password, or the user is disabled',
    'check both; a filler before the : is a user since Redis 6',
    'login',
  ],
  DENIED: ['permanent', 'the server is in protected mode and takes no one from outside', 'set a password at the server', 'login'],
  NOPERM: ['permanent', 'not allowed', 'the ACL of the user needs +ping, and +select for a database other than 0'],
  LOADING: ['transient', 'the server loads its data', 'wait'],
  MASTERDOWN: ['transient', 'a replica that has lost its primary', 'wait, or name the primary'],
  BUSY: ['transient', 'the server is held up by a script', 'wait'],
  CLUSTERDOWN: ['transient', 'the cluster is not whole', 'wait'],
  TRYAGAIN: ['transient', 'the cluster moves slots', 'wait'],
  MISCONF: ['permanent', 'the server cannot save to disk and refuses writes', 'look at its log: the disk may be full'],
  NOREPLICAS: ['transient', 'the server has too few replicas and refuses writes', 'look at min-replicas-to-write'],
  OOM: ['transient', 'the server is out of memory', 'look at maxmemory'],
  READONLY: ['permanent', 'the server is read-only', 'name the primary'],
  NOPROTO: ['permanent', 'the server does not speak this version of the protocol', 'is it Redis 2.8 or newer?'],
}

const OTHER: Meaning = ['permanent', 'the server refused', 'look at its log']

/** Our words for an error reply, and a little of its own. `depth` is where it came. */
export function redisFailure(reply: RespError, depth: Depth, secrets: readonly Secret[]): ProbeFailure {
  const [kind, reason, hint, at] = WORDS[reply.error] ?? plainError(reply.text)
  return { failedAt: at ?? depth, class: kind, code: reply.error, reason: `${reason}${serverSays(reply.text, secrets)}`, hint }
}

/** The same after `refused …`: `: the server loads its data; server says: …`. */
export function whyRefused({ error, text }: RespError, secrets: readonly Secret[]): string {
  const meaning = WORDS[error] ?? plainError(text)
  return `${meaning === OTHER ? '' : `: ${meaning[1]}`}${serverSays(text, secrets)}`
}

/** `ERR` says nothing by itself. */
function plainError(text: string): Meaning {
  if (/DB index is out of range|invalid DB index/i.test(text))
    return ['permanent', 'no such database', 'databases are numbered from 0; the server has 16 unless it is set otherwise', 'use']
  if (/SELECT is not allowed in cluster mode/i.test(text))
    return ['permanent', 'a cluster has the database 0 alone', 'leave the number out', 'use']
  if (/max number of clients/i.test(text)) return ['transient', 'the server has no connection left', 'wait, or raise maxclients', 'login']
  if (/without any password configured|no password is set/i.test(text))
    return ['permanent', 'the server has no password, and the handle has one', 'leave the password out, or set it at the server', 'login']
  if (/invalid password/i.test(text)) return ['permanent', 'wrong password', 'check it', 'login']
  return OTHER
}
