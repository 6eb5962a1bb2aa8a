import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { CommandLine } from '../../domain/deploy.ts'
import { AttachError } from '../../domain/errors.ts'
import { shellWord } from '../../domain/shell.ts'
import type { Host } from '../../ports/host.ts'

/** A command of attach.yaml and how it is called there: `hook of production`. */
export interface NamedCommand {
  readonly name: string
  readonly line: CommandLine
}

export interface CommandPlace {
  /** Commands run here. */
  readonly folder: string
  readonly env: Host['env']
  /** It changes by what attach does, and is no part of a command. */
  readonly config: string
}

/** Where programs are looked for when the environment does not say. */
export const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'

/** Throws CONFIG_INVALID when what a command begins with is not there, or is no program. */
export function expectProgram({ name, line }: NamedCommand, place: CommandPlace): void {
  const programs = typeof line === 'string' ? [SHELL, ...firstPath(line)] : [line[0] ?? '']
  for (const program of programs) if (find(program, place) === null) throw noProgram(name, program, line, place)
}

/**
 * Real paths of the files that a command is made of: its program, and what its words lead to: any file in the folder, and a program anywhere.
 * Not the config and its history, and nothing that is written while the app runs (logs, pid files, where output goes).
 */
export function filesOf({ line }: NamedCommand, place: CommandPlace): readonly string[] {
  const words = typeof line === 'string' ? wordsIn(line) : line.flatMap((word) => [word, ...wordsIn(word)])
  const [first = ''] = words
  const named = words.map((word) => resolve(place.folder, word)).filter((path) => isOfCommand(path, place))
  return [...new Set([find(first, place), ...named].filter((path) => path !== null).map((path) => realpathSync(path)))]
}

/** Throws CONFIG_INVALID when others than root and the caller decide what a file holds. Links are followed. */
export function expectSafe(name: string, file: string, uid: number): void {
  const path = realpathSync(file)
  const shown = shellWord(path)
  const refuse = (why: string, hint: string): never => {
    throw new AttachError('CONFIG_INVALID', `${name}: ${why}; nothing was changed`, { hint })
  }
  const found = statSync(path)
  const folder = statSync(dirname(path))
  if ((found.mode & EVERYBODY_WRITES) !== 0) refuse(`every user may write ${shown}`, `chmod o-w ${shown}`)
  if (found.uid !== 0 && found.uid !== uid)
    refuse(`${shown} belongs to user ${found.uid}, and neither to root nor to you`, `chown ${uid} ${shown}, if it is to be trusted`)
  if ((folder.mode & EVERYBODY_WRITES) !== 0 && (folder.mode & STICKY) === 0)
    refuse(`every user may put another file in the place of ${shown}`, `chmod o-w ${shellWord(dirname(path))}`)
}

/** The same for the folder that commands run in: what they find there is what they do. */
export function expectFolderSafe(name: string, folder: string, uid: number): void {
  const path = realpathSync(folder)
  const shown = shellWord(path)
  const { mode, uid: owner } = statSync(path)
  const why =
    (mode & EVERYBODY_WRITES) !== 0 && (mode & STICKY) === 0
      ? `every user may write in ${shown}, where its commands run`
      : owner !== 0 && owner !== uid
        ? `${shown}, where its commands run, belongs to user ${owner}, and neither to root nor to you`
        : null
  if (why !== null) throw new AttachError('CONFIG_INVALID', `${name}: ${why}; nothing was changed`, { hint: `ls -ld ${shown}` })
}

const SHELL = '/bin/sh'
const EVERYBODY_WRITES = 0o002
const STICKY = 0o1000
const PLAIN = /^[\w@%+:,./-]+$/

/** The first word of a shell text when it is nothing but a path: then a typing error in it can be told now. */
function firstPath(text: string): readonly string[] {
  const [word = ''] = text.trim().split(/[\s;&|]/)
  return PLAIN.test(word) && word.includes('/') ? [word] : []
}

const wordsIn = (text: string): readonly string[] =>
  text
    .replace(/>[>|&]?\s*[^\s;&|]+/g, ' ')
    .split(/[\s;&|()<>"'`=]+/)
    .filter((word) => word !== '')

/** As execvp(3) does, from the folder of the command. */
function find(word: string, { folder, env }: CommandPlace): string | null {
  const folders = word.includes('/') ? [''] : (env['PATH'] || USUAL_PATH).split(':')
  const paths = word === '' ? [] : folders.map((each) => resolve(folder, join(each, word)))
  return paths.find(isProgram) ?? null
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const WRITTEN_BY_APPS = /^\.env(\.(?!(?:sh|bash|js|py|rb)$)|$)|\.(?:log|pid|out|err|sock)$/

function isOfCommand(path: string, { folder, config }: CommandPlace): boolean {
  if (lookAt(path)?.isFile() !== true || WRITTEN_BY_APPS.test(basename(path)) || isSame(path, config)) return false
  const below = relative(folder, path)
  return below.startsWith('..') ? isProgram(path) : !below.split('/').includes('.attach')
}

function isSame(path: string, config: string): boolean {
  const [one, other] = [lookAt(path), lookAt(config)]
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev
}

function lookAt(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null // Most words are no paths: too long, with a NUL, not there.
  }
}

/** What is wrong with what a command begins with, and what mends that. */
function noProgram(name: string, program: string, line: CommandLine, place: CommandPlace): AttachError {
  const what = PLAIN.test(program) ? program : 'its program'
  const refused = (why: string, hint: string): AttachError =>
    new AttachError('CONFIG_INVALID', `${name}: ${what} ${why}; nothing was changed`, { hint })
  const path = resolve(place.folder, program)
  const found = program.includes('/') ? lookAt(path) : null
  if (found?.isDirectory() === true) return refused('is a directory, and no program', ELSEWISE)
  if (found !== null) return refused('is there, and may not be run', PLAIN.test(path) ? `chmod +x ${path}` : ELSEWISE)
  const split = typeof line === 'string' ? null : splitList(line, place)
  if (split !== null) return refused(`is not there: a list holds one word in each place, and its first holds ${split.count}`, split.hint)
  return refused('is not there', ELSEWISE)
}

const ELSEWISE = 'correct it in attach.yaml, or leave the app alone with --no-hook'

/** A whole command line as the first word of a list. Null: it is none, or nothing that may be shown. */
function splitList(
  [first = '', ...rest]: readonly string[],
  place: CommandPlace,
): { readonly count: number; readonly hint: string } | null {
  const words = first.split(/\s+/).filter((word) => word !== '')
  const [program = ''] = words
  const isThere = find(program, place) !== null || (program.includes('/') && lookAt(resolve(place.folder, program))?.isFile() === true)
  if (words.length < 2 || !isThere || ![...words, ...rest].every((word) => PLAIN.test(word))) return null
  return { count: words.length, hint: `write [${[...words, ...rest].join(', ')}]` }
}
