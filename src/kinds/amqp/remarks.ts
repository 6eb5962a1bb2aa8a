import { type Finding, found } from '../../domain/finding.ts'
import type { SplitHandle } from '../../domain/handle-grammar.ts'
import { REMARKED } from './guards/checks.ts'
import type { Amqp } from './handle.ts'

/** What a parse found odd but not wrong. */
export function remarksOf({ isGuest, files }: Pick<Amqp, 'isGuest' | 'files'>, split: SplitHandle): readonly Finding[] {
  const remarks: Finding[] = []
  const { path } = split
  if (isGuest)
    remarks.push(found(REMARKED.noUser, 'names no user: clients log in as guest', { remedy: 'write USER:PASSWORD@ before the host' }))
  if (path !== null && path.text === '')
    remarks.push(
      found(REMARKED.vhostEmpty, 'ends in /: by the letter the vhost with the empty name, and clients take it for the vhost /', {
        remedy: 'write /%2F for the vhost /, or leave the / out',
      }),
    )
  if (path?.raw.includes('/')) odd('handle.odd_name', 'the vhost has a / that is not encoded; some clients refuse it', 'write it as %2F')
  for (const key of new Set(split.unknownKeys))
    odd(
      'handle.unknown_key',
      `${shown(key)} means nothing here; clients pass over it or refuse it`,
      'remove it, unless the app alone reads it',
    )
  for (const key of new Set(split.repeatedKeys))
    odd('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  if (Object.keys(files).length > 0)
    odd('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  return remarks

  function odd(id: string, detail: string, remedy: string): void {
    remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  }
}

const shown = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key')
