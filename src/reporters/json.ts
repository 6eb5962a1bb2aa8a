import type { Document } from '../domain/document.ts'

/** What JSON may hold as it is, and a terminal may not: escaped, which changes nothing for a reader of JSON. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** One document, one line. */
export const jsonText = (document: Document): string => `${JSON.stringify(document).replace(HOSTILE, unitsOf)}\n`

const unitsOf = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
