import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { programOf, type RunOptions } from './cli.ts'
import { findProgram, serverOrSkip } from './processes.ts'

/** Whether a pseudo-terminal can be had here: `script` of util-linux. Says so when not. */
export const haveTerminal = (): boolean => serverOrSkip('script (util-linux)', process.platform === 'linux' ? findProgram('script') : null)

export interface TerminalOptions extends Pick<RunOptions, 'binary' | 'cwd' | 'env'> {
  readonly columns?: number
  /** Words of a shell that stand behind the command, such as `2>/dev/null`. */
  readonly redirected?: string
  /** A command that runs on the same terminal afterwards. */
  readonly afterwards?: string
}

/** A command on a terminal, with a person before it. */
export interface Terminal {
  /** Waits until this stands on the screen, after what was seen before. Answers all of the screen. */
  see(pattern: RegExp): Promise<string>
  /** Types, without an Enter of its own. */
  type(text: string): void
  /** Its exit, and the whole screen: as it came, and without colours and carriage returns. */
  readonly ended: Promise<{ readonly exit: number; readonly raw: string; readonly screen: string }>
}

const SEEN_MS = 15_000

/** Runs the built command on a pseudo-terminal of its own. */
export function onTerminal(
  args: readonly string[],
  { binary = 'attach', cwd, env = {}, columns = 80, redirected = '', afterwards }: TerminalOptions,
): Terminal {
  const command = [process.execPath, programOf(binary), ...args].map(quoted).join(' ')
  const line = afterwards === undefined ? `exec ${command} ${redirected}` : `${command} ${redirected}; code=$?; ${afterwards}; exit $code`
  const child = spawn('script', ['-q', '-e', '-f', '-c', `stty cols ${columns} rows 24; ${line}`, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let raw = ''
  let from = 0
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    raw += chunk
    for (const watch of watchers) watch()
  })
  const ended = new Promise<Awaited<Terminal['ended']>>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ exit: code ?? -1, raw, screen: plain(raw) })
      for (const watch of watchers) watch()
    })
  })
  const see = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(late)
        watchers.delete(look)
        act()
      }
      const fail = (why: string) => () => reject(new Error(`${why} ${String(pattern)}; the screen:\n${plain(raw)}`))
      const late = setTimeout(() => settle(fail('waited in vain for')), SEEN_MS)
      const look = (): void => {
        const found = pattern.exec(plain(raw).slice(from))
        if (found !== null) {
          from += found.index + found[0].length
          settle(() => resolve(plain(raw)))
        } else if (child.exitCode !== null) settle(fail('ended without'))
      }
      watchers.add(look)
      look()
    })
  return { see, type: (text) => void child.stdin.write(text), ended }
}

const plain = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', '')

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
