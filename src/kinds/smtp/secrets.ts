import { Secret } from '../../domain/secret.ts'
import { worthHiding } from '../../net/said.ts'
import type { Smtp } from './handle.ts'

/** What must not come back in the words of the server. A user that is a token is as secret as the password. */
export const secretsOf = ({ login, host }: Smtp): readonly Secret[] =>
  login === null
    ? []
    : [...worthHiding(login.password, [host, ...(login.isToken ? [] : [login.user])]), ...(login.isToken ? [new Secret(login.user)] : [])]
