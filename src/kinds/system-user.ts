import { userInfo } from 'node:os'
import { Failed } from './probing.ts'

/** Who logs in where a handle names nobody, as the clients of PostgreSQL and MySQL have it. Throws Failed. */
export function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    throw new Failed({
      failedAt: 'login',
      class: 'permanent',
      code: 'no-user',
      reason: 'the handle names no user, and the operating system has no name for this one',
      hint: 'write the user into the handle',
    })
  }
}
