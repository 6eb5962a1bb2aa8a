import { closeSync, constants, openSync, readSync } from 'node:fs'
import process from 'node:process'
import { addAbortSignal } from 'node:stream'
import { AttachError } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import { writeFully } from './output.ts'

/** All of standard input. Throws USAGE when it is over `limit` bytes, INTERRUPTED when `signal` comes first. */
export async function readAll(limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of addAbortSignal(signal, process.stdin)) {
      const bytes: Uint8Array = Buffer.from(chunk)
      size += bytes.length
      if (size > limit) throw tooLong(limit)
      chunks.push(bytes)
    }
  } catch (error) {
    throw signal.aborted ? interrupted() : error
  }
  return Buffer.concat(chunks)
}

const tooLong = (limit: number): AttachError =>
  new AttachError('USAGE', `standard input has more than ${limit} bytes; a handle was expected`, {
    hint: 'printf %s HANDLE | attach KEY=-',
  })

/** One line from the terminal. Null at its end (Ctrl-D). Throws INTERRUPTED when `signal` comes first. */
export async function ask(question: string, signal: AbortSignal): Promise<string | null> {
  const { createInterface } = await import('node:readline')
  dropTypedAhead()
  writeFully(2, question)
  process.stdin.ref()
  const lines = createInterface({ input: process.stdin })
  let forget = nothing
  try {
    return await new Promise((resolve, reject) => {
      let isOver = false
      const end = (line: string | null): void => {
        if (line === null && !isOver) writeFully(2, '\n') // The question stands alone on its line.
        isOver = true
        resolve(line)
      }
      forget = onAbort(signal, (reason) => {
        reject(reason)
        end(null)
      })
      lines.once('line', end)
      lines.once('close', () => end(null))
    })
  } finally {
    forget()
    lines.close()
    process.stdin.unref()
  }
}

/** What was typed before the question was read is no answer to it. */
function dropTypedAhead(): void {
  let fd: number | null = null
  try {
    fd = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK)
    while (readSync(fd, Buffer.alloc(4_096)) > 0);
  } catch {
    // Nothing is there, or there is no such terminal.
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

const ENTER = /[\r\n]/
const ERASE = /[\b\x7f]/
const CTRL_C = '\x03'
const CTRL_BACKSLASH = '\x1c'
const CTRL_D = '\x04'
/** What a terminal wraps around a pasted text. */
const PASTE_MARKS = ['\u001b[200~', '\u001b[201~'] as const

/** What was typed or pasted behind the line that was asked for: the next question takes it. */
let typedAhead = ''

/** One line from the terminal, not echoed. Null at its end. Throws INTERRUPTED on Ctrl-C or when `signal` comes first. */
export async function askHidden(question: string, signal: AbortSignal): Promise<Secret | null> {
  const { stdin } = process
  stdin.ref()
  stdin.setRawMode(true) // Before the question: nothing of the answer may be echoed.
  stdin.setEncoding('utf8')
  writeFully(2, question)
  let forget = nothing
  try {
    return await new Promise((resolve, reject) => {
      const end = (): void => resolve(null)
      const unheard = onAbort(signal, reject)
      forget = () => {
        unheard()
        stdin.removeListener('end', end)
      }
      let line = ''
      const take = (typed: string): void => {
        const characters = Array.from(typed)
        for (const [at, character] of characters.entries()) {
          if (character === CTRL_C || character === CTRL_BACKSLASH) reject(interrupted())
          else if (character === CTRL_D && line === '') resolve(null)
          else if (ENTER.test(character)) {
            typedAhead = characters
              .slice(at + 1)
              .join('')
              .replace(/^\n/, '')
            resolve(new Secret(line))
          } else {
            line = ERASE.test(character) ? Array.from(line).slice(0, -1).join('') : isTyped(character) ? line + character : line
            continue
          }
          return
        }
      }
      const ahead = typedAhead
      typedAhead = ''
      stdin.on('data', (typed: string) => take(unwrapped(typed)))
      stdin.once('end', end)
      stdin.resume()
      take(ahead)
    })
  } finally {
    stdin.setRawMode(false)
    forget()
    stdin.removeAllListeners('data')
    stdin.pause()
    stdin.unref()
    writeFully(2, '\n')
  }
}

/** Keys that are no character: arrows, Ctrl-Z. */
const isTyped = (character: string): boolean => character === '\t' || !/\p{Cc}/u.test(character)

const unwrapped = (typed: string): string => PASTE_MARKS.reduce((text, mark) => text.replaceAll(mark, ''), typed)

/** Returns what ends the listening: Node warns of the eleventh listener, and a session may ask more. */
function onAbort(signal: AbortSignal, reject: (reason: unknown) => void): () => void {
  const heard = (): void => reject(interrupted())
  if (signal.aborted) heard()
  signal.addEventListener('abort', heard, { once: true })
  return () => signal.removeEventListener('abort', heard)
}

const nothing = (): void => {}

const interrupted = (): AttachError =>
  new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
