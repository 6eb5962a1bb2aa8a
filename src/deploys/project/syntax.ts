import type { ErrorCode } from 'yaml'

/** What is wrong with a text that is no YAML, in our words: what the parser says of its own accord may hold a piece of the text. */
export const syntaxTrouble = (code: ErrorCode): { readonly what: string; readonly hint: string } => ({ what: SYNTAX[code], hint: HINT })

const HINT = 'indent with spaces, and put a text that holds ": " or " #" or begins with a mark in quotes'
const OTHERWISE = 'this is not YAML'
const UNEXPECTED = 'YAML does not expect what stands here'

const SYNTAX: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: UNEXPECTED,
  BAD_ALIAS: 'an anchor (&) or alias (*) without a name',
  BAD_COLLECTION_TYPE: OTHERWISE,
  BAD_DIRECTIVE: OTHERWISE,
  BAD_DQ_ESCAPE: 'a backslash in double quotes before a character that it does not go with',
  BAD_INDENT: 'this is indented otherwise than what it belongs to, or a bracket is not closed',
  BAD_PROP_ORDER: UNEXPECTED,
  BAD_SCALAR_START: 'a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping or a list begins in the middle of a line',
  BLOCK_IN_FLOW: 'a block stands inside brackets',
  DUPLICATE_KEY: OTHERWISE,
  IMPOSSIBLE: OTHERWISE,
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a closing mark, a ":", a "," or a blank is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key and its ":" stand on different lines',
  MULTIPLE_ANCHORS: UNEXPECTED,
  MULTIPLE_DOCS: UNEXPECTED,
  MULTIPLE_TAGS: UNEXPECTED,
  NON_STRING_KEY: OTHERWISE,
  RESOURCE_EXHAUSTION: 'nested too deep',
  TAB_AS_INDENT: 'a tab does not indent in YAML',
  TAG_RESOLVE_FAILED: OTHERWISE,
  UNEXPECTED_TOKEN: UNEXPECTED,
}
