import type { Document } from '../domain/document.ts'

/** What JSON may hold as it is, and a terminal may not: escaped, which changes nothing for a reader of JSON. */
const HOSTILE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** One document, one line. */
export const jsonText = (document: Document): string =>
  `${JSON.stringify(document).replace(HOSTILE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
