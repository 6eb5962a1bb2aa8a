import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { end, serverOrSkip } from './processes.ts'

const FOLDER = resolve(import.meta.dirname, '../npm-servers')
const PROGRAM = resolve(import.meta.dirname, 'mail-server-process.js')

/** Whether smtp-server of npm can be started here. Says so when not. */
export const haveMailServer = (): boolean => {
  const path = resolve(FOLDER, 'node_modules/smtp-server/package.json')
  return serverOrSkip('smtp-server (npm ci, in test/npm-servers)', existsSync(path) ? path : null)
}

export interface MailServerOptions {
  readonly user?: string
  readonly password?: string
  /** Default: PLAIN, LOGIN, CRAM-MD5. Empty: nobody has to log in. */
  readonly mechanisms?: readonly string[]
  /** A certificate: STARTTLS is offered. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** TLS from the first byte on. */
  readonly wrapped?: 'wrapped'
  /** Takes mail from senders of this domain alone. */
  readonly domain?: string
  /** Options of smtp-server's own: `size`, `name`, `banner`, `hidePIPELINING` … */
  readonly more?: Readonly<Record<string, string | number | boolean>>
}

/** What a server has seen so far. */
export interface Seen {
  /** Mails that came: a probe never lets one. */
  readonly mails: number
  /** Ways to log in that were tried, in their order. */
  readonly tried: readonly string[]
  /** What stood after EHLO. */
  readonly names: readonly string[]
  /** `MAIL a@b`, `RCPT a@b`, in their order. */
  readonly envelopes: readonly string[]
  /** Connections that are open now. */
  readonly open: number
}

export interface MailServer {
  readonly port: number
  seen(): Promise<Seen>
  /** Fails where a mail has come. */
  [Symbol.asyncDispose](): Promise<void>
}

/** smtp-server of npm on a free port of 127.0.0.1, in a process of its own. Takes a third of a second. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { user = 'app', password = '', mechanisms = ['PLAIN', 'LOGIN', 'CRAM-MD5'] } = options
  const words = [resolve(FOLDER, 'package.json'), JSON.stringify({ ...options, user, password, mechanisms })]
  const child = fork(PROGRAM, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
  const { port } = await told<{ readonly port: number }>(child)
  const seen = async (): Promise<Seen> => {
    const answer = told<Seen>(child)
    child.send('tell')
    return await answer
  }
  return {
    port,
    seen,
    [Symbol.asyncDispose]: async () => {
      const { mails } = await seen()
      await end(child)
      if (mails > 0) throw new Error(`${mails} mails were sent`)
    },
  }
}

/** The next thing that it says. */
const told = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the mail server ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message: T) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
