import type { Document } from '../domain/document.ts'

/** One document, one line. */
export const jsonText = (document: Document): string => `${JSON.stringify(document)}\n`
