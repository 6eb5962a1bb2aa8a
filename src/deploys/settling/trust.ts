import { createHash } from 'node:crypto'
import { closeSync, constants, lstatSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { commandText } from '../../domain/deploy.ts'
import { AttachError } from '../../domain/errors.ts'
import type { Host } from '../../ports/host.ts'
import { readRegular } from '../../stores/read-file.ts'
import { isSystemError } from '../../stores/trouble.ts'
import { type CommandPlace, expectFolderSafe, expectProgram, expectSafe, filesOf, type NamedCommand } from './command-files.ts'

/** The commands of one deploy as attach.yaml has them. */
export interface Commands {
  readonly deploy: string
  /** attach.yaml: absolute, real. */
  readonly file: string
  readonly commands: readonly NamedCommand[]
  readonly place: CommandPlace
}

/** Lets commands run that were agreed to once, as they stood then, and no others. */
export interface Trust {
  /** Throws CONFIG_INVALID (not there, not safe) or what `ask` throws. Writes nothing. */
  ready(): Promise<void>
  /**
   * Right before they run. Throws CONFLICT when something of them changed since; what was agreed to is remembered. Looks once: what a command
   * writes itself is no reason not to run it again when a change is put back.
   */
  confirm(): Promise<void>
}

/** What makes a shell run what its words do not name: another folder, a home, patterns, variables, words with blanks in them. */
const HIDES = /[$`~*?[\\]|\b(?:cd|pushd|eval)\b|["'][^"']*\s[^"']*["']/

/** `ask`: called for commands that never ran here as they stand; returns when they may. */
export function trustOf(commands: Commands, ask: (texts: readonly string[]) => Promise<void>, host: Host): Trust {
  if (commands.commands.length === 0) return { ready: async () => {}, confirm: async () => {} }
  let agreed: string | null = null
  let isConfirmed = false
  const canRemember = commands.commands.every(({ line }) => typeof line !== 'string' || !HIDES.test(line))
  const ready = async (): Promise<void> => {
    const fingerprint = inspect(commands, host)
    const isKnown = fingerprint === agreed || (canRemember && isRemembered(fingerprint, host))
    if (!isKnown) await ask(commands.commands.map(({ line }) => commandText(line)))
    agreed = fingerprint
  }
  return {
    ready,
    confirm: async () => {
      if (isConfirmed) return void inspect(commands, host) // Still there, still nobody else's: that is looked at before each run.
      if (agreed === null) await ready()
      else if (inspect(commands, host) !== agreed) throw changed()
      if (agreed !== null && canRemember) remember(agreed, host)
      isConfirmed = true
    },
  }
}

/**
 * What a person agrees to: where attach.yaml stands, the deploy, the commands as they are written there, and what the files hold that they name.
 * Root's own files outside the folder, the programs of the system, are not looked into: an update of the system is no reason to ask again.
 */
function inspect({ deploy, file, commands, place }: Commands, host: Host): string {
  try {
    for (const command of commands) expectProgram(command, place)
    expectSafe(`attach.yaml of ${deploy}`, file, host.uid)
    expectFolderSafe(`attach.yaml of ${deploy}`, place.folder, host.uid)
    const files = commands.flatMap((command) => {
      const named = filesOf(command, place)
      for (const path of named) expectSafe(command.name, path, host.uid)
      return named
    })
    const contents = [...new Set(files)]
      .filter((path) => statSync(path).uid !== 0 || isBelow(path, place.folder))
      .map((path) => [path, contentOf(path)])
    return digest(
      JSON.stringify([realpathSync(file), realpathSync(place.folder), deploy, commands.map(({ name, line }) => [name, line]), contents]),
    )
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new AttachError('CONFIG_INVALID', `the commands of ${deploy} cannot be looked at: ${error.code}; nothing was changed`, {
      hint: 'look at attach.yaml and at the rights of the files it names',
    })
  }
}

const isBelow = (path: string, folder: string): boolean => !relative(realpathSync(folder), path).startsWith('..')

const WHOLE_MAX = 4 * 1024 * 1024

/** Of a large program (an interpreter) its size and time stand for it. */
function contentOf(path: string): string {
  const read = readRegular(path, WHOLE_MAX)
  if ('bytes' in read) return digest(read.bytes)
  const { size, mtimeNs, ino } = statSync(path, { bigint: true })
  return `${size} ${mtimeNs} ${ino}`
}

const digest = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

const changed = (): AttachError =>
  new AttachError('CONFLICT', 'attach.yaml or what it names changed meanwhile', { hint: 'look at it, then run attach recover' })

/** Null: there is nowhere to remember, or somebody else could write there. Then it is asked each time. */
function memoryOf({ env, uid }: Host): string | null {
  const { XDG_STATE_HOME: state = '', HOME: home = '' } = env
  if (isAbsolute(state)) return join(state, 'attach', 'trusted')
  const isOurs = isAbsolute(home) && statSync(home, { throwIfNoEntry: false })?.uid === uid // Under sudo it may be somebody else's.
  return isOurs ? join(home, '.local', 'state', 'attach', 'trusted') : null
}

function isRemembered(fingerprint: string, host: Host): boolean {
  try {
    const folder = memoryOf(host)
    return folder !== null && isOnlyOurs(folder, host) && lstatSync(join(folder, fingerprint)).isFile()
  } catch (error) {
    if (!isSystemError(error)) throw error
    return false
  }
}

/** Whoever else could write there could speak for us. */
function isOnlyOurs(folder: string, { uid }: Host): boolean {
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0
}

/** What cannot be remembered is asked again: no reason to stop. */
function remember(fingerprint: string, host: Host): void {
  try {
    const folder = memoryOf(host)
    if (folder === null) return
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isOnlyOurs(folder, host)) return
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    closeSync(openSync(join(folder, fingerprint), flags, 0o600))
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}
