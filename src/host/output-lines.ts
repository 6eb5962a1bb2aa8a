import { StringDecoder } from 'node:string_decoder'

/** So much of what a command prints is handed on. */
const BYTES_MAX = 64 * 1024
/** So much of one line. */
const LINE_MAX = 16 * 1024

/** Makes lines of what comes in pieces. What is over the bounds is dropped, and that is said. */
export interface OutputLines {
  take(piece: Buffer): void
  end(): void
}

/** Line feeds and carriage returns end lines: a progress bar is a line each time. Characters torn between two pieces are whole again. */
export function outputLines(prints: (line: string) => void): OutputLines {
  const decoder = new StringDecoder('utf8')
  let line = ''
  let left = BYTES_MAX
  let isOver = false
  let isCut = false
  let afterReturn = false
  const add = (text: string): void => {
    const room = LINE_MAX - line.length
    line += text.slice(0, room)
    isCut ||= text.length > room
  }
  const finish = (): void => {
    const whole = isCut ? `${line.replace(/[\ud800-\udbff]$/, '')}…` : line
    line = ''
    isCut = false
    const size = Buffer.byteLength(whole) + 1
    if (size <= left) {
      left -= size
      prints(whole)
    } else {
      isOver = true
      prints(`… output cut after ${BYTES_MAX / 1024} KiB`)
    }
  }
  const read = (text: string): void => {
    for (const [part] of text.matchAll(/[\r\n]|[^\r\n]+/g)) {
      if (isOver) return
      if (part !== '\r' && part !== '\n') add(part)
      else if (part === '\n' ? !afterReturn : line !== '') finish()
      afterReturn = part === '\r'
    }
  }
  return {
    take: (piece) => {
      if (!isOver) read(decoder.write(piece))
    },
    end: () => {
      if (isOver) return
      add(decoder.end())
      if (line !== '') finish()
    },
  }
}
