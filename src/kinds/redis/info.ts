import type { Told } from '../../domain/survey.ts'
import type { Reply } from './resp.ts'

/** What INFO says, by name. */
export type Info = ReadonlyMap<string, string>

/** `name:value` lines of INFO. */
export const fieldsOf = (info: string): Info =>
  new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )

/** Throws when it is no answer to INFO. */
export function readInfo(reply: Reply): Info {
  if (typeof reply !== 'string') throw new Error('no text')
  return fieldsOf(reply)
}

/** What `read` makes of it. Unknown where INFO was not told, or has no such field. */
export function from<T>(info: Told<Info>, read: (info: Info) => T): Told<T> {
  if (!('is' in info)) return info
  try {
    return { is: read(info.is) }
  } catch {
    return { unknown: 'INFO does not tell it' }
  }
}

/** The words of a field. Throws where there is none, or where they are not such words. */
export function textOf(info: Info, name: string, form = /^[\w.+-]{1,128}$/): string {
  const text = info.get(name)
  if (text === undefined || !form.test(text)) throw new Error(`no ${name}`)
  return text
}

/** Throws where there is no such number. */
export const numberOf = (info: Info, name: string): number => Number(textOf(info, name, /^\d{1,15}$/))
