import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'

/** What requests are signed by. */
export interface Login {
  /** A name, and shown. */
  readonly key: string
  readonly secret: Secret
  /** Of temporary credentials. */
  readonly session: Secret | null
}

/** Null: the handle has none. Throws HANDLE_INVALID. */
export function loginOf(split: SplitHandle): Login | null {
  const key = nonEmpty(split.user?.text)
  const secret = nonEmpty(split.password?.text)
  const session = nonEmpty(queryText(split, 'session_token'))
  if (key === null && secret === null) {
    if (session !== null) throw invalid('has a session token and no key', 'write KEY:SECRET@ before the bucket')
    return null
  }
  if (key === null) throw invalid('has a secret and no key', 'write KEY:SECRET@ before the bucket')
  if (secret === null) throw invalid('has a key and no secret', 'write KEY:SECRET@ before the bucket')
  if (!/^[\x21-\x7e]{1,256}$/.test(key) || /[/,=]/.test(key))
    throw invalid('has a key that is no access key', 'an access key has letters and digits; the secret stands behind the :')
  if (session !== null && !/^[\x21-\x7e]+$/.test(session))
    throw invalid('has a session token with an odd character in it', 'copy it anew; + is written %2B, / is %2F')
  return { key, secret: new Secret(secret), session: session === null ? null : new Secret(session) }
}

export const nonEmpty = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text === '' ? null : text
