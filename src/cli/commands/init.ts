import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Adopted, type Adoption, adoptable, projectText, writeProject } from '../../deploys/project/adopt.ts'
import { PROJECT_FILE } from '../../deploys/project/find.ts'
import { KEYS } from '../../deploys/project/keys.ts'
import { projectIn } from '../../deploys/project/read.ts'
import { isFitAddress } from '../../deploys/project/schema.ts'
import { AttachError } from '../../domain/errors.ts'
import { printable } from '../../domain/redact.ts'
import type { InitCommand } from '../command.ts'
import type { Said, Session } from '../session.ts'

/** Writes an attach.yaml that names what stands here already. On a terminal each deploy is asked about, and nothing is written before the end. */
export async function init(command: InitCommand, session: Session): Promise<Said> {
  const { host } = session
  const directory = command.directory === null ? host.cwd : resolve(host.cwd, command.directory)
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new AttachError('USAGE', 'the directory named with -C does not exist', { hint: 'attach -C DIR init' })
  const found = adoptable(directory)
  const asks = session.interactive && !command.yes && !command.dryRun
  const adoption = asks ? await walked(found, session) : found
  const text = projectText(adoption)
  await projectIn(text, { path: join(directory, PROJECT_FILE), label: PROJECT_FILE }) // What is written can be read.
  const remarks =
    found.leftOut.length === 0 ? [] : [{ code: 'init.left_out', message: `Left out, by their names: ${found.leftOut.join(', ')}.` }]
  if (command.dryRun) return { exit: 0, outcome: 'planned', message: text.trimEnd(), remarks }
  if (asks && !(await agreed(`Write ${PROJECT_FILE}?`, { usual: true }, session))) throw notWritten()
  writeProject(directory, text, host)
  return { exit: 0, outcome: 'changed', message: `${PROJECT_FILE} names ${adoption.deploys.map(summary).join(', ')}`, remarks }
}

const summary = ({ name, config, protected: guarded }: Adopted): string => `${name} (${config}${guarded ? ', protected' : ''})`

/** What would be written first, then one question at a time, then what is to be written. */
async function walked(found: Adoption, session: Session): Promise<Adoption> {
  show(found, session)
  const deploys: Adopted[] = []
  for (const deploy of found.deploys) {
    const { name } = deploy
    const guarded = await agreed(
      `${summary({ ...deploy, protected: false })}: change it only when its name is given?`,
      { usual: deploy.protected },
      session,
    )
    const hook = await typed(`${name}: command that makes the app pick up a change (Enter: none): `, hookObjection, session)
    const url = await typed(`${name}: address that answers when the app is well (Enter: none): `, addressObjection, session)
    deploys.push({ ...deploy, protected: guarded, hook, url })
  }
  const adoption = { ...found, deploys }
  show(adoption, session)
  return adoption
}

function show(adoption: Adoption, { host }: Session): void {
  const lines = printable(projectText(adoption)).trimEnd().split('\n')
  host.stderr.write(`${PROJECT_FILE} would be:\n\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n\n`)
}

/** Null: nothing. Asks again while there is an objection. */
async function typed(question: string, objection: (text: string) => string | null, session: Session): Promise<string | null> {
  for (;;) {
    const text = (await answer(question, session)).trim()
    if (text === '') return null
    const why = objection(text)
    if (why === null) return text
    session.host.stderr.write(`  ${why}\n`)
  }
}

const addressObjection = (text: string): string | null => (isFitAddress(text) ? null : `expected ${KEYS.health.url.expected}`)

function hookObjection(text: string): string | null {
  if (/\p{Cc}/u.test(text)) return 'expected a command line without control characters'
  return /:\/\/[^\s/@]*:[^\s/]*@/.test(text) ? `a password has no place in ${PROJECT_FILE}: let the command read it elsewhere` : null
}

async function agreed(question: string, { usual }: { readonly usual: boolean }, session: Session): Promise<boolean> {
  for (;;) {
    const text = await answer(`${question} ${usual ? '[Y/n]' : '[y/N]'} `, session)
    if (/^\s*$/.test(text)) return usual
    const [, yes, no] = /^\s*(?:(y|yes)|(n|no))\s*$/i.exec(text) ?? []
    if (yes !== undefined) return true
    if (no !== undefined) return false
    session.host.stderr.write('  expected y or n\n')
  }
}

async function answer(question: string, { host, signal }: Session): Promise<string> {
  const text = await host.stdin.ask(question, signal)
  if (text === null) throw notWritten()
  return text
}

const notWritten = (): AttachError => new AttachError('REFUSED', 'not confirmed; nothing was written', { hint: 'attach init' })
