import { linkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AttachError } from '../../domain/errors.ts'
import type { Host } from '../../ports/host.ts'
import { syncDirectory, unlinkIfThere, writeNew } from '../../stores/replace-file.ts'
import { codeOf, fileTrouble, isSystemError } from '../../stores/trouble.ts'
import { realPath } from '../address.ts'
import { configsIn } from '../env-files.ts'
import { MISNAMED_FILE, PROJECT_FILE, stands } from './find.ts'

/** The deploys that an attach.yaml is to name. */
export interface Adoption {
  /** At least one. */
  readonly deploys: readonly Adopted[]
  /** The one that is meant where none is named. Null: the only one, or none. */
  readonly usual: string | null
  /** Names of `.env` files that are no deploy's. */
  readonly leftOut: readonly string[]
}

export interface Adopted {
  readonly name: string
  /** The name of its `.env` file. */
  readonly config: string
  readonly protected: boolean
  /** A command line for `sh -c`. */
  readonly hook: string | null
  /** Where the app is asked whether it is well. */
  readonly url: string | null
}

/** Copies and what belongs to other tools: not what an app reads. */
const NO_CONFIG = /\.(bak|backup|old|orig|save|swp|keys|vault|gpg|age|enc|sops)$/
/** Names by which a deploy that people depend on is known. */
const GUARDED = /(^|[._-])(prod|production|live)([._-]|$)/i

/**
 * What stands in a directory, as the deploys it makes without attach.yaml: `.env.NAME` is NAME. Files are looked at by their names only, never
 * read. Throws USAGE when there is none, REFUSED when an attach.yaml stands there, UNAVAILABLE.
 */
export function adoptable(directory: string): Adoption {
  expectFree(directory)
  const files = readable(() => configsIn(directory))
  const fit = files.filter((file) => !NO_CONFIG.test(file) && suffixOf(file) !== null && isFile(join(directory, file)))
  // Two names of one file are one config; `.env` is the one that most often only leads to another.
  const ordered = [...fit].sort((a, b) => Number(a === '.env') - Number(b === '.env'))
  const named = new Map<string, string>()
  for (const file of ordered) if (!named.has(realPath(join(directory, file)))) named.set(realPath(join(directory, file)), file)
  const names = new Set<string>()
  const deploys = [...named.values()].map((config): Adopted => {
    const name = freeName(suffixOf(config) ?? '', names)
    names.add(name)
    return { name, config, protected: GUARDED.test(name), hook: null, url: null }
  })
  if (deploys.length === 0) {
    throw new AttachError('USAGE', 'no .env file stands here, so there is nothing to adopt; nothing was written', {
      hint: 'attach DATABASE_URL makes a .env and asks for its handle',
    })
  }
  const usual = deploys.find(({ config }) => config === named.get(realPath(join(directory, '.env'))))
  return {
    deploys: deploys.sort((a, b) => Number(b === usual) - Number(a === usual)),
    usual: deploys.length === 1 ? null : (usual?.name ?? null),
    leftOut: files.filter((file) => !fit.includes(file)),
  }
}

/** attach.yaml, with a comment where a key stands first. Holds names of files, and what a person typed. */
export function projectText({ deploys, usual }: Adoption): string {
  const said = new Set<string>()
  const comment = (about: string, indent: string): readonly string[] => {
    if (said.has(about)) return []
    said.add(about)
    return [`${indent}# ${about}`]
  }
  const first = usual === null ? [] : [...comment('The deploy that is meant where -d names none.', ''), `default: ${yamlText(usual)}`, '']
  const rest = deploys.flatMap(({ name, config, protected: guarded, hook, url }) => [
    ...comment('Chosen with -d NAME; rename it as you like.', '  '),
    `  ${yamlText(name)}:`,
    ...comment('The file of its variables. The path begins in this folder.', '    '),
    `    config: ${yamlText(config)}`,
    ...(guarded
      ? [...comment('Nothing changes unless its name is given, typed or with --confirm NAME.', '    '), '    protected: true']
      : []),
    ...(hook === null
      ? []
      : [
          ...comment('Run after a change, so that the app picks it up: a text through sh -c, a list without a shell.', '    '),
          `    hook: ${yamlText(hook)}`,
        ]),
    ...(url === null
      ? []
      : [...comment('Asked after the hook. What the app does not settle on is put back.', '    '), `    health: { url: ${quoted(url)} }`]),
  ])
  return `${[...HEAD, '', ...first, 'deploys:', ...rest].join('\n')}\n`
}

const HEAD = [
  '# What attach knows of the deploys of this folder. It holds no secret: keep it with the code.',
  '# A deploy can also have readers, hook, health and on-failure. `resources:` tells the kind of a key whose value does not.',
] as const

/** Makes the file where its name is free, in one step. Throws REFUSED when it is not, UNAVAILABLE. */
export function writeProject(directory: string, text: string, { random, uid, gid }: Pick<Host, 'random' | 'uid' | 'gid'>): void {
  const path = join(directory, PROJECT_FILE)
  const temp = join(directory, `.${PROJECT_FILE}.${random(6)}.tmp`)
  try {
    writeNew(temp, Buffer.from(text), { mode: 0o644, uid, gid })
    linkSync(temp, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw taken(PROJECT_FILE)
    throw fileTrouble(`${PROJECT_FILE} could not be written`, error)
  } finally {
    ifPossible(() => unlinkIfThere(temp))
  }
  ifPossible(() => syncDirectory(directory)) // It stands there, whole. Only a power cut now could take its name away.
}

function expectFree(directory: string): void {
  if (stands(join(directory, PROJECT_FILE))) throw taken(PROJECT_FILE)
  if (stands(join(directory, MISNAMED_FILE))) {
    throw new AttachError('REFUSED', `an ${MISNAMED_FILE} stands here, and the name is ${PROJECT_FILE}; nothing was changed`, {
      hint: `mv ${MISNAMED_FILE} ${PROJECT_FILE}`,
    })
  }
}

const taken = (name: string): AttachError =>
  new AttachError('REFUSED', `an ${name} stands here already; nothing was changed`, { hint: 'attach status' })

/**
 * The name of the deploy that a file is without attach.yaml. `.env` is that of whoever works here, so it is `local`: the word that `.env.local`
 * has for the same. Null: no deploy can be called so.
 */
function suffixOf(file: string): string | null {
  if (file === '.env') return 'local'
  const name = file.slice('.env.'.length).replace(/[^A-Za-z0-9._-]+/g, '-')
  return name === '' || name === '__proto__' ? null : name
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  for (let number = 2; ; number += 1) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`
}

function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw fileTrouble('the directory cannot be read', error)
  }
}

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false // A link to nothing, or to where nobody may look.
  }
}

function ifPossible(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

/** Plain where every reader of YAML takes it for the same text. */
function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_/.][\w/.-]*( [\w/.=-]+)*$/.test(text) && !/^(null|true|false|yes|no|on|off|y|n|\.(inf|nan|\d.*))$/i.test(text)
  return isPlain ? text : quoted(text)
}

/** JSON's quotes are YAML's, but for characters that YAML wants escaped. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
