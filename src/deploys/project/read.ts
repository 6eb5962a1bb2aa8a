import { dirname, resolve } from 'node:path'
import { type CommandLine, type Declared, type ExpectedResource, type Health, type Hook, SETTLE_DEFAULTS } from '../../domain/deploy.ts'
import { millisecondsIn } from '../../domain/duration.ts'
import { listed } from '../../domain/listed.ts'
import { type Read, readRegular } from '../../stores/read-file.ts'
import { codeOf } from '../../stores/trouble.ts'
import { pathIn, realPath } from '../address.ts'
import { troublesOf } from './issues.ts'
import { KEYS, pathText } from './keys.ts'
import { invalid, placeIn, refusal, type Trouble } from './refusal.ts'
import { type DeployForm, type FreshForm, type ProjectForm, projectSchema, type ResourceForm } from './schema.ts'
import { type Tree, treeOf } from './tree.ts'

/** attach.yaml, read and checked. */
export interface Project {
  /** As it is named on the screen. */
  readonly label: string
  /** In the order of the file; at least one. */
  readonly deploys: readonly ProjectDeploy[]
  /** The one that is meant where none is named: `default:`, or the only one. */
  readonly usual: ProjectDeploy | null
}

export interface ProjectDeploy {
  readonly name: string
  /** The config, as it is named: absolute. */
  readonly path: string
  /** Where the config is named: `attach.yaml:4`. */
  namedAt(): string
  readonly declared: Declared
}

/** Far more than anybody writes by hand. */
const BYTES_MAX = 256 * 1024

/**
 * Reads the attach.yaml at `path` (absolute). Paths in it begin in the folder of that name: a link to a file elsewhere is read as if it stood
 * here, as it is for a person who looks at this directory. Throws CONFIG_INVALID with the place of the first error.
 */
export async function readProject(path: string, label: string): Promise<Project> {
  const text = textOf(bytesOf(path, label), label)
  return await projectIn(text, { path, label })
}

/** The same from its text. */
export async function projectIn(text: string, { path, label }: { readonly path: string; readonly label: string }): Promise<Project> {
  const [yaml, { z }] = [await import('yaml'), await import('zod')]
  const read = treeOf(text, yaml)
  if ('troubles' in read) throw refusal(label, text, read.troubles)
  const { tree } = read
  const checked = projectSchema(z).safeParse(tree.root)
  if (!checked.success) throw refusal(label, text, troublesOf(checked.error.issues, tree))
  const folder = dirname(path)
  const troubles = [...strayDefault(checked.data, tree), ...unfitConfigs(checked.data, folder, tree)]
  if (troubles.length > 0) throw refusal(label, text, troubles)
  return projectOf(checked.data, text, tree, { file: realPath(path), folder, label })
}

function bytesOf(path: string, label: string): Buffer {
  let read: Read
  try {
    read = readRegular(path, BYTES_MAX)
  } catch (error) {
    const code = codeOf(error)
    if (code === null) throw error
    throw invalid(`${label} cannot be read (${code}), and its deploys may be protected`, `ls -l ${FILE}`)
  }
  if ('bytes' in read) return read.bytes
  if (read.refused === 'too large')
    throw invalid(`${label} has more than ${BYTES_MAX / 1024} KiB`, 'leave default, deploys and resources in it')
  throw invalid(`${label} is not a regular file`, `ls -l ${FILE}`)
}

const FILE = 'attach.yaml'

/** UTF-8, with or without a byte order mark. */
function textOf(bytes: Buffer, label: string): string {
  const isWide = bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
  if (isWide || bytes.includes(0)) {
    throw invalid(`${label} is UTF-16, or holds NUL bytes: expected UTF-8 text`, `iconv -f UTF-16 -t UTF-8 ${FILE} makes UTF-8 of UTF-16`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(`${label} is not UTF-8 text`, `iconv -f ISO-8859-1 -t UTF-8 ${FILE} makes UTF-8 of Latin-1`)
  }
}

function strayDefault({ default: name, deploys }: ProjectForm, tree: Tree): readonly Trouble[] {
  if (name === undefined || Object.hasOwn(deploys, name)) return []
  const what = `default names no deploy; there is ${listed(Object.keys(deploys))}`
  return [
    {
      at: tree.offsetOf(['default'], 'value'),
      what,
      hint: `for example default: ${Object.keys(deploys)[0] ?? KEYS.project.default.example}`,
    },
  ]
}

function unfitConfigs({ deploys }: ProjectForm, folder: string, tree: Tree): readonly Trouble[] {
  const owners = new Map<string, string>()
  return Object.entries(deploys).flatMap(([name, { config }]): readonly Trouble[] => {
    const at = tree.offsetOf(['deploys', name, 'config'], 'value')
    const where = pathText(['deploys', name, 'config'])
    const path = pathIn(config, folder)
    if (path === null)
      return [{ at, what: `${where}: expected a path: attach speaks no other config store`, hint: 'for example config: .env' }]
    const real = realPath(resolve(folder, path))
    const owner = owners.get(real)
    owners.set(real, name)
    if (owner === undefined) return []
    return [
      { at, what: `${where} and ${pathText(['deploys', owner, 'config'])} are the same file`, hint: 'leave one deploy for each config' },
    ]
  })
}

function projectOf(
  form: ProjectForm,
  text: string,
  tree: Tree,
  { file, folder, label }: { readonly file: string; readonly folder: string; readonly label: string },
): Project {
  const resources = new Map(Object.entries(form.resources ?? {}).map(([key, resource]) => [key, resourceOf(resource)]))
  const deploys = Object.entries(form.deploys).map(([name, deploy]): ProjectDeploy => {
    return {
      name,
      path: resolve(folder, pathIn(deploy.config, folder) ?? deploy.config),
      namedAt: () => `${label}:${placeIn(text, tree.offsetOf(['deploys', name, 'config'], 'value')).line}`,
      declared: {
        file,
        folder,
        protected: deploy.protected ?? false,
        readers: deploy.readers ?? [],
        hook: hookOf(deploy.hook),
        health: healthOf(deploy.health),
        onFailure: deploy['on-failure'] ?? 'revert',
        resources,
      },
    }
  })
  const usual =
    form.default === undefined ? (deploys.length === 1 ? deploys[0] : undefined) : deploys.find(({ name }) => name === form.default)
  return { label, deploys, usual: usual ?? null }
}

function resourceOf({ kind, expect, use, variables, guards = {} }: ResourceForm): ExpectedResource {
  const { role = null, fresh }: { readonly role?: ExpectedResource['expect'] | undefined; readonly fresh?: FreshForm | undefined } =
    typeof expect === 'string' ? { role: expect } : (expect ?? {})
  return {
    kind: kind ?? null,
    expect: role,
    fresh: fresh === undefined ? null : { table: fresh.table, column: fresh.column, withinMs: timeOf(fresh.within, 0) },
    use: use ?? null,
    variables: variables === undefined ? null : Object.fromEntries(entriesOf(variables)),
    guards: new Map(entriesOf(guards)),
  }
}

/** Those that are said. */
const entriesOf = <T>(mapping: Readonly<Record<string, T | undefined>>): readonly (readonly [string, T])[] =>
  Object.entries(mapping).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))

function hookOf(hook: DeployForm['hook']): Hook | null {
  if (hook === undefined) return null
  const { run, timeout }: { readonly run: CommandLine; readonly timeout?: string | number | undefined } =
    typeof hook === 'string' || Array.isArray(hook) ? { run: hook } : hook
  return { run, timeoutMs: timeOf(timeout, SETTLE_DEFAULTS.hookMs) }
}

function healthOf(health: DeployForm['health']): Health | null {
  if (health === undefined) return null
  const { url, run, status = 200, body = null, successes = SETTLE_DEFAULTS.successes, interval, timeout } = health
  return {
    check: url === undefined ? { by: 'command', run: run ?? [] } : { by: 'url', url, status, body },
    successes,
    intervalMs: timeOf(interval, SETTLE_DEFAULTS.intervalMs),
    timeoutMs: timeOf(timeout, SETTLE_DEFAULTS.healthMs),
  }
}

/** Milliseconds. The schema has seen that it is a time. */
const timeOf = (time: string | number | undefined, otherwise: number): number =>
  time === undefined ? otherwise : (millisecondsIn(String(time)) ?? otherwise)
