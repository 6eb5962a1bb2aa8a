import { ipVersion } from '../domain/address.ts'
import { isAttachError } from '../domain/errors.ts'
import { hostName } from '../kinds/host.ts'
import type { Sought } from './command.ts'
import { shown, usage, type Word } from './line.ts'
import { found, shapeOf } from './words.ts'

/** What `where` is to look for: a handle, `-` for one on stdin, a host with or without its port, the path of a socket. Throws USAGE. */
export function soughtIn([word, more]: readonly Word[]): Sought {
  if (word === undefined) throw usage('where needs a handle or a host', 'attach help where')
  if (more !== undefined) throw usage(`where takes one handle or host, found ${found(more)} too`, 'attach help where')
  const shape = shapeOf(word)
  switch (shape.is) {
    case 'handle':
      return { by: 'handle', source: { from: 'argv', value: shape.value } }
    case 'stdin':
      return { by: 'handle', source: { from: 'stdin' } }
    case 'pair':
      throw usage(`where takes a handle or a host, found ${found(word)}`, 'attach where - < FILE')
    case 'bare':
      return placeIn(word)
  }
}

/** `db1`, `db1:5432`, `[::1]:5432`, `::1`, `/run/redis.sock`. */
function placeIn(word: Word): Sought {
  const { text } = word
  if (text.startsWith('/')) return { by: 'host', host: text, port: null }
  if (ipVersion(text) === 6) return { by: 'host', host: text, port: null }
  // Host names have no such look, and keys do.
  if (/^[A-Z][A-Z0-9]*_[A-Z0-9_]*$/.test(text))
    throw usage(`${shown(word)} looks like a key: where takes a handle or a host`, 'attach status')
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? null : Number(digits)
  const isPort = port === null || (port >= 1 && port <= 65_535)
  const host = bracketed === undefined ? nameOf(plain ?? '') : ipVersion(bracketed) === 6 ? bracketed : null
  if (host === null || !isPort)
    throw usage(`${shown(word)} is neither a handle nor a host: expected HOST, HOST:PORT, [ADDRESS]:PORT or a path`, 'attach help where')
  return { by: 'host', host, port }
}

/** Null: it is no host name. */
function nameOf(text: string): string | null {
  try {
    return hostName({ text })
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID')) throw error
    return null
  }
}
