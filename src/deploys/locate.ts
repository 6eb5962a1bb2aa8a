import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Declared } from '../domain/deploy.ts'
import { AttachError } from '../domain/errors.ts'
import { listed } from '../domain/listed.ts'
import { nearest } from '../domain/nearest.ts'
import { oneLine } from '../domain/redact.ts'
import { shellWord } from '../domain/shell.ts'
import type { Host } from '../ports/host.ts'
import { fileTrouble } from '../stores/trouble.ts'
import { isSameFile, labelOf, pathIn, realPath } from './address.ts'
import { configsIn, envAbove } from './env-files.ts'
import { PROJECT_FILE, projectAt, stands } from './project/find.ts'
import type { Project, ProjectDeploy } from './project/read.ts'
import { recordOf } from './record.ts'

/** Which deploy was asked for. */
export type Where =
  | { readonly by: 'default' }
  | { readonly by: 'config'; readonly address: string }
  | { readonly by: 'deploy'; readonly name: string }

/** Where a person stands, and where records may be. */
type Around = Pick<Host, 'cwd' | 'env'>

/** A deploy and the file that holds its config. */
export interface Deploy {
  /** As it is named on the screen and in documents: `production`, or the path of its config. */
  readonly name: string
  /** How the config is named on the screen: `.env.production`. */
  readonly label: string
  /** Absolute. */
  readonly path: string
  /** When it was looked for. */
  readonly exists: boolean
  /** The options that lead here again: `-d production`. */
  readonly options: readonly string[]
  /** What attach.yaml says of it. Null: there is none, or this config is not of it. */
  readonly declared: Declared | null
  /** Where attach.yaml names the config: `attach.yaml:4`. */
  readonly namedAt?: string
}

/**
 * Without attach.yaml, `-d NAME` is `.env.NAME` and nothing is `.env`. Where one stands only its deploys exist, and what `-c` names that is the
 * config of one is that deploy. Of configs only the names are looked at. Throws USAGE, CONFIG_INVALID.
 */
export async function locate(where: Where, cwd: string, directory: string | null): Promise<Deploy> {
  const base = baseOf(cwd, directory)
  const there = directory === null ? [] : ['-C', directory]
  const project = await projectAt(base, cwd)
  switch (where.by) {
    case 'default':
      if (project !== null) return declared(usualOf(project), project, cwd, there)
      await expectOfNoOther(join(base, '.env'), base, cwd)
      return deploy('.env', join(base, '.env'), cwd, there)
    case 'deploy':
      if (project !== null) return declared(deployNamed(where.name, project), project, cwd, there)
      await expectOfNoOther(join(base, `.env.${where.name}`), base, cwd)
      return deploy(where.name, join(base, `.env.${where.name}`), cwd, [...there, '-d', where.name])
    case 'config': {
      const path = pathOf(where.address, base)
      const file = resolve(base, path)
      const found = project?.deploys.find((one) => isSameFile(one.path, file))
      if (project !== null && found !== undefined) return declared(found, project, cwd, there)
      await expectOfNoOther(file, base, cwd)
      return deploy(path, resolve(base, path), cwd, [...there, '-c', where.address])
    }
  }
}

/** The directory that `-C` leads to. Throws USAGE. */
export function baseOf(cwd: string, directory: string | null): string {
  const base = directory === null ? cwd : resolve(cwd, directory)
  if (isDirectory(base)) return base
  throw new AttachError('USAGE', 'the directory named with -C does not exist', { hint: 'attach -C DIR status' })
}

/** Every deploy of the attach.yaml of a directory (absolute). Null: none stands there. Throws CONFIG_INVALID. */
export async function deploysIn(base: string, cwd: string): Promise<readonly Deploy[] | null> {
  const project = await projectAt(base, cwd)
  return project === null ? null : project.deploys.map((one) => declared(one, project, cwd, base === cwd ? [] : ['-C', base]))
}

/** A config by its path alone (absolute): nobody declared it. */
export const deployAt = (path: string, cwd: string): Deploy => deploy(labelOf(path, cwd), path, cwd, ['-c', path])

/** A config of a deploy of another directory is changed there, where its protection and its hook are known. Throws USAGE. */
async function expectOfNoOther(file: string, base: string, cwd: string): Promise<void> {
  const here = realPath(base)
  for (let folder = dirname(realPath(file)); ; folder = dirname(folder)) {
    if (folder !== here && stands(join(folder, PROJECT_FILE))) {
      const other = await projectAt(folder, cwd)
      const found = other?.deploys.find(({ path }) => isSameFile(path, file))
      if (other !== null && found !== undefined) {
        throw new AttachError('USAGE', `that file is the config of ${found.name} in ${other.label}; nothing was contacted`, {
          hint: `attach status -C ${shellWord(labelOf(folder, cwd))} -d ${found.name}`,
        })
      }
    }
    if (dirname(folder) === folder) return
  }
}

/** Whether its config is there. Throws UNAVAILABLE where that cannot be seen: a folder that is closed to this user is not an empty one. */
function isThere({ path, label }: Pick<Deploy, 'path' | 'label'>): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw fileTrouble(`${label} cannot be looked at`, error)
  }
}

/** For all that works on what is there. Throws USAGE with the nearest name that is, or with the history of a config that was removed. */
export function expectThere(deploy: Deploy, host: Around): void {
  if (isThere(deploy)) return
  const record = recordOf(deploy, host)
  if (record !== null) throw removed(deploy, labelOf(record, host.cwd))
  const directory = dirname(deploy.path)
  const others = isDirectory(directory) ? configsIn(directory) : []
  const near = nearest(basename(deploy.path), others) ?? (others.length === 1 ? (others[0] ?? null) : null)
  const found = others.length === 0 ? 'and no .env file stands there' : `there is ${others.join(', ')}`
  const beside = near === null || deploy.namedAt !== undefined ? null : join(dirname(deploy.label), near)
  throw new AttachError('USAGE', `${deploy.label} does not exist${namedBy(deploy)}; ${found}; nothing was contacted`, {
    hint:
      beside === null
        ? `attach KEY=HANDLE ${[...deploy.options.map(shellWord), '--create'].join(' ')} makes it`
        : `attach -c ${shellWord(beside)} status`,
  })
}

/** For what reads and closes a history: a config that was removed counts as empty while its history stands. Throws as `expectThere` does. */
export function expectThereOrRecorded(deploy: Deploy, host: Around): 'there' | 'removed' {
  if (!isThere(deploy) && recordOf(deploy, host) !== null) return 'removed'
  expectThere(deploy, host)
  return 'there'
}

/** For `attach`: a plain `.env` is made where no other one can be meant, anything else only when asked for. Throws USAGE. */
export function expectMayBeMade(deploy: Deploy, asked: 'create' | 'usual', host: Around): void {
  if (isThere(deploy) || asked === 'create') {
    if (!isDirectory(dirname(deploy.path)))
      throw new AttachError('USAGE', `the directory of ${deploy.label} does not exist${namedBy(deploy)}`, { hint: 'mkdir it first' })
    return
  }
  const record = recordOf(deploy, host)
  if (record !== null) throw removed(deploy, labelOf(record, host.cwd))
  const directory = dirname(deploy.path)
  const refuse = (why: string): never => {
    throw new AttachError('USAGE', `${deploy.label} does not exist${namedBy(deploy)}, ${why}; nothing was contacted`, {
      hint: 'name the config that is meant with -c or -d, or add --create to make this one',
    })
  }
  if (deploy.namedAt !== undefined) refuse('and it is made only when asked for')
  if (basename(deploy.path) !== '.env' || deploy.options.includes('-c')) refuse('and only a plain .env is made without being asked for')
  const others = isDirectory(directory) ? configsIn(directory) : []
  if (others.length > 0) refuse(`and ${others.join(', ')} does`)
  const above = envAbove(directory)
  if (above !== null) refuse(`and ${relative(directory, above)} does`)
}

/** What else it held is in no history: nobody makes it anew unasked. */
const removed = (deploy: Deploy, record: string): AttachError =>
  new AttachError(
    'USAGE',
    `${deploy.label} does not exist${namedBy(deploy)}, and its history does (${record}): it was removed; bring it back from a copy, or make it anew with attach and --create; nothing was contacted`,
    { hint: 'attach recover closes what is open; attach log shows what it held' },
  )

const namedBy = ({ name, namedAt }: Deploy): string => (namedAt === undefined ? '' : ` (${namedAt} names it as the config of ${name})`)

function deploy(name: string, path: string, cwd: string, options: readonly string[]): Deploy {
  return { name: oneLine(name), label: labelOf(path, cwd), path, exists: existsSync(path), options, declared: null }
}

function declared({ name, path, namedAt, declared }: ProjectDeploy, { usual }: Project, cwd: string, there: readonly string[]): Deploy {
  const options = name === usual?.name ? there : [...there, '-d', name]
  return { ...deploy(name, path, cwd, options), declared, namedAt: namedAt() }
}

function usualOf({ label, deploys, usual }: Project): ProjectDeploy {
  if (usual !== null) return usual
  throw new AttachError('USAGE', `${label} has ${namesOf(deploys)} and no default: which one is meant?; nothing was contacted`, {
    hint: `add -d ${deploys[0]?.name ?? 'NAME'}`,
  })
}

function deployNamed(name: string, { label, deploys }: Project): ProjectDeploy {
  const found = deploys.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = deploys.map((one) => one.name)
  const near = nearest(name, names)
  const meant = near === null ? '' : `; did you mean "${near}"?`
  throw new AttachError('USAGE', `-d names no deploy of ${label}${meant}; it has ${namesOf(deploys)}; nothing was contacted`, {
    hint: `attach status -d ${near ?? names[0] ?? 'NAME'}`,
  })
}

const namesOf = (deploys: readonly ProjectDeploy[]): string => listed(deploys.map(({ name }) => name))

/** An address that is no path may hold credentials: nothing of it is shown. */
function pathOf(address: string, base: string): string {
  const path = pathIn(address, base)
  if (path !== null) return path
  throw new AttachError('USAGE', '<address> is no file, and attach speaks no other config store; nothing was contacted', {
    hint: 'attach -c .env status',
  })
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
