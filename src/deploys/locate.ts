import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Declared } from '../domain/deploy.ts'
import { AttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import { oneLine } from '../domain/redact.ts'
import { shellWord } from '../domain/shell.ts'

/** Which deploy was asked for. */
export type Where =
  | { readonly by: 'default' }
  | { readonly by: 'config'; readonly address: string }
  | { readonly by: 'deploy'; readonly name: string }

/** A deploy and the file that holds its config. */
export interface Deploy {
  /** As it is named on the screen and in documents: `production`, or the path of its config. */
  readonly name: string
  /** How the config is named on the screen: `.env.production`. */
  readonly label: string
  /** Absolute. */
  readonly path: string
  readonly exists: boolean
  /** The options that lead here again: `-d production`. */
  readonly options: readonly string[]
  /** What attach.yaml says of it. Null: there is none, or this config is not of it. */
  readonly declared: Declared | null
}

/** Templates hold no config of a deploy. */
const TEMPLATE = /^\.env\.(.+\.)?(example|sample|template|dist|defaults?)$/

/** Without attach.yaml, `-d NAME` is `.env.NAME` and nothing is `.env`. Looks at names only. Throws USAGE. */
export async function locate(where: Where, cwd: string, directory: string | null): Promise<Deploy> {
  const base = directory === null ? cwd : resolve(cwd, directory)
  if (!isDirectory(base)) throw new AttachError('USAGE', 'the directory named with -C does not exist', { hint: 'attach -C DIR status' })
  if (where.by !== 'config' && existsSync(join(base, 'attach.yaml'))) {
    throw new AttachError(
      'USAGE',
      'an attach.yaml stands here, and this version does not read it: its deploys may be protected; nothing was contacted',
      {
        hint: 'name the config itself with -c',
      },
    )
  }
  const there = directory === null ? [] : ['-C', directory]
  switch (where.by) {
    case 'default':
      return deploy('.env', join(base, '.env'), cwd, there)
    case 'deploy':
      return deploy(where.name, join(base, `.env.${where.name}`), cwd, [...there, '-d', where.name])
    case 'config': {
      const path = pathOf(where.address, base)
      return deploy(path, resolve(base, path), cwd, [...there, '-c', where.address])
    }
  }
}

/** For all that works on what is there. Throws USAGE with the nearest name that is. */
export function expectThere(deploy: Deploy): void {
  if (deploy.exists) return
  const directory = dirname(deploy.path)
  const others = isDirectory(directory) ? configsIn(directory) : []
  const near = nearest(basename(deploy.path), others) ?? (others.length === 1 ? (others[0] ?? null) : null)
  const found = others.length === 0 ? 'and no .env file stands there' : `there is ${others.join(', ')}`
  const beside = near === null ? null : join(dirname(deploy.label), near)
  throw new AttachError('USAGE', `${deploy.label} does not exist; ${found}; nothing was contacted`, {
    hint:
      beside === null
        ? `attach KEY=HANDLE ${[...deploy.options.map(shellWord), '--create'].join(' ')} makes it`
        : `attach -c ${shellWord(beside)} status`,
  })
}

/** For `attach`: a plain `.env` is made where no other one can be meant, anything else only when asked for. Throws USAGE. */
export function expectMayBeMade(deploy: Deploy, asked: 'create' | 'usual'): void {
  if (deploy.exists || asked === 'create') {
    if (!isDirectory(dirname(deploy.path)))
      throw new AttachError('USAGE', `the directory of ${deploy.label} does not exist`, { hint: 'mkdir it first' })
    return
  }
  const directory = dirname(deploy.path)
  const refuse = (why: string): never => {
    throw new AttachError('USAGE', `${deploy.label} does not exist, ${why}; nothing was contacted`, {
      hint: 'name the config that is meant with -c or -d, or add --create to make this one',
    })
  }
  if (basename(deploy.path) !== '.env' || deploy.options.includes('-c')) refuse('and only a plain .env is made without being asked for')
  const others = isDirectory(directory) ? configsIn(directory) : []
  if (others.length > 0) refuse(`and ${others.join(', ')} does`)
  const above = envAbove(directory)
  if (above !== null) refuse(`and ${relative(directory, above)} does`)
}

function deploy(name: string, path: string, cwd: string, options: readonly string[]): Deploy {
  const short = relative(cwd, path)
  const label = short.startsWith('..') && short.length > path.length ? path : short
  return { name: oneLine(name), label: oneLine(label === '' ? path : label), path, exists: existsSync(path), options, declared: null }
}

/** An address that is no path may hold credentials: nothing of it is shown. */
function pathOf(address: string, base: string): string {
  const isThere = existsSync(resolve(base, address))
  if (!isThere && /^file:\/\/\//.test(address)) return address.slice('file://'.length)
  if (isThere || !/^\s*[\w+.-]+:\/|@/.test(address)) return address
  throw new AttachError('USAGE', '<address> is no file, and attach speaks no other config store; nothing was contacted', {
    hint: 'attach -c .env status',
  })
}

const configsIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => /^\.env(\.|$)/.test(name) && !TEMPLATE.test(name) && !name.endsWith('.tmp'))
    .sort()

/** A `.env` in a parent directory, up to the root of the git checkout. Outside of one, parents are nobody's business. */
function envAbove(directory: string): string | null {
  const parents: string[] = []
  for (let at = directory; ; at = dirname(at)) {
    if (at !== directory) parents.push(join(at, '.env'))
    if (existsSync(join(at, '.git'))) return parents.find((path) => existsSync(path)) ?? null
    if (dirname(at) === at) return null
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
