import type { Draft, Outline } from './env-draft.ts'
import type { Quote, Scan } from './env-scan.ts'
import { lineEndFrom, lineStartFrom } from './env-space.ts'
import { breaksPhp } from './env-style.ts'
import { BOM, type ByteText, encode } from './env-text.ts'
import type { ReaderName } from './reader-names.ts'

export type EnvNoteCode =
  | 'env.bom'
  | 'env.encrypted'
  | 'env.quoted_readers'
  | 'env.multiline_readers'
  | 'env.expanding_readers'
  | 'env.backslash_readers'
  | 'env.php_reader'
  | 'env.hash_readers'
  | 'env.line_too_long'
  | 'env.reference_replaced'

/** What a person should know about the new text. Fit to print: names of keys and readers, never a value. */
export interface EnvNote {
  readonly code: EnvNoteCode
  readonly message: string
  /** The readers that will read the new value otherwise, by the names used in `readers:`. */
  readonly readers: readonly ReaderName[]
  /** It was so before this edit. */
  readonly standing?: boolean
}

/** One place where a value was written. `before` is `null` where the key is new. */
export interface Written {
  readonly key: string
  readonly value: string
  readonly quote: Quote
  readonly before: { readonly value: string; readonly quote: Quote } | null
  /** Bytes of the longest line it stands on, before (0 for a new key) and after. */
  readonly lineBefore: number
  readonly lineAfter: number
  /** A `#` stands right behind it, with no blank between. */
  readonly hash: boolean
}

/** The values that a draft wrote, one for each place. */
export function writtenBy(text: ByteText, { places }: Outline, { quotes }: Draft): readonly Written[] {
  return places.map(({ key, value, over, present }, index) => {
    const quote = quotes[index] ?? ''
    if (over === null) {
      return {
        key,
        value,
        quote,
        before: null,
        lineBefore: 0,
        lineAfter: longest(`${key}=${quote}${utf8Bytes(value)}${quote}`),
        hash: false,
      }
    }
    const line = [text.slice(lineStartFrom(text, over.start, 0), over.from), text.slice(over.to, lineEndFrom(text, over.to))] as const
    return {
      key,
      value,
      quote,
      before: present,
      lineBefore: longest(line.join(text.slice(over.from, over.to))),
      lineAfter: longest(line.join(`${quote}${utf8Bytes(value)}${quote}`)),
      hash: text.charAt(over.to) === '#',
    }
  })
}

/** A line of this many bytes makes docker, podman and kubectl refuse the whole file. */
export const LINE_BYTES = 65_536

const LITERAL = ['docker', 'podman', 'kubectl'] as const

/** The differences between readers that this edit brings. A reader that could not read the old value has nothing to lose and is not named. */
export function notesOn(text: ByteText, before: Scan, written: readonly Written[]): readonly EnvNote[] {
  if (written.length === 0) return []
  const notes: EnvNote[] = written.flatMap(notesOnValue)
  if (text.startsWith(BOM)) {
    notes.push({
      code: 'env.bom',
      message: 'The file starts with a byte order mark: these readers do not see its first key or refuse the file.',
      readers: ['node', 'vite', 'deno', 'podman', 'systemd', 'sh', 'godotenv', 'symfony', 'direnv'],
      standing: true,
    })
  }
  const sealed = written.some((one) => one.before?.value.startsWith('encrypted:') === true)
  if (sealed || before.assignments.some(({ key }) => key.startsWith('DOTENV_PUBLIC_KEY'))) {
    notes.push({
      code: 'env.encrypted',
      message: 'The file is kept by dotenvx: the new value stands in it unencrypted.',
      readers: ['dotenvx'],
      standing: true,
    })
  }
  return distinct(notes)
}

function notesOnValue({ key, value, quote, before, lineBefore, lineAfter, hash }: Written): readonly EnvNote[] {
  const notes: EnvNote[] = []
  const say = (code: EnvNoteCode, readers: readonly ReaderName[], what: string): void => {
    notes.push({ code, message: `${key}: ${what}`, readers })
  }
  const gains = (has: (text: string) => boolean): boolean => has(value) && !(before !== null && has(before.value))
  if (quote !== '' && (before === null || before.quote === '')) {
    say('env.quoted_readers', LITERAL, 'the new value needs quotes, which these readers take as part of the value.')
  }
  if (gains((text) => text.includes('\n'))) {
    say(
      'env.multiline_readers',
      [...LITERAL, 'env-cmd', 'direnv'],
      'the new value has several lines, which these readers misread or refuse.',
    )
  }
  const expanding = expandersOf(value).filter((reader) => before === null || !expandersOf(before.value).includes(reader))
  if (expanding.length > 0) say('env.expanding_readers', expanding, 'these readers replace the "$" words of the new value.')
  if (gains((text) => text.includes('\\\\'))) {
    say('env.backslash_readers', ['python-dotenv', 'compose'], 'these readers make one backslash of two.')
  }
  if (quote !== '' && gains((text) => (quote === '"' ? breaksPhp(text) : text.includes('="')) || (quote === "'" && text.includes('\n')))) {
    say('env.php_reader', ['phpdotenv'], 'this reader misreads the new value between quotes, and may swallow the next line.')
  }
  if (hash && (before === null || before.quote === '')) {
    const readers: readonly ReaderName[] = [...LITERAL, 'systemd', 'sh', 'python-dotenv', 'godotenv', 'compose', 'dotenvy', 'symfony']
    say('env.hash_readers', readers, 'a "#" stands right behind it: a comment for dotenv, part of the value for these readers.')
  }
  if (lineAfter >= LINE_BYTES && lineBefore < LINE_BYTES) {
    say('env.line_too_long', LITERAL, `its line has ${lineAfter} bytes; from ${LINE_BYTES} on these readers refuse the whole file.`)
  }
  if (before !== null && before.quote !== "'" && /\$[{A-Za-z_]/.test(before.value)) {
    say(
      'env.reference_replaced',
      [],
      'the old value refers to other variables; putting it back later writes the same characters between single quotes.',
    )
  }
  return notes
}

/** Who expands `$` even between single quotes. */
function expandersOf(value: string): readonly ReaderName[] {
  const readers: ReaderName[] = []
  if (/\$[A-Za-z_{]/.test(value)) readers.push('next', 'vite', 'dotenv-expand', 'bun')
  else if (/\$\d/.test(value)) readers.push('next', 'bun')
  if (value.includes('${')) readers.push('python-dotenv', 'compose')
  return readers
}

const distinct = (notes: readonly EnvNote[]): readonly EnvNote[] => [
  ...new Map(notes.map((note) => [`${note.code} ${note.message}`, note])).values(),
]

const utf8Bytes = (value: string): ByteText => encode(value) ?? ''

const longest = (text: ByteText): number => text.split('\n').reduce((most, line) => Math.max(most, line.length), 0)
