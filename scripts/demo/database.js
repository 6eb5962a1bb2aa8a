import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const SERVER = join(import.meta.dirname, 'server.js')
/** The first start creates a database cluster: 3 to 5 seconds on a slow machine. */
const ANSWER_MS = 45_000
const END_MS = 5_000

/** A database of the demo: a server process, and the handle that leads to it. Start it again after a stop and it is where it was. */
export class Database {
  #child = null
  #port = null
  #options

  /** @param {{ folder?: string, backup?: string, readOnly?: boolean }} options where its data are kept (default: memory), what it is restored from */
  constructor(options) {
    this.#options = options
  }

  get handle() {
    return `postgres://app:demo@127.0.0.1:${this.#port}/app`
  }

  get pid() {
    return this.#child?.pid
  }

  async start() {
    this.#child = fork(SERVER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
    const { port } = await this.#ask({ start: { ...this.#options, port: this.#port } })
    this.#port = port
  }

  async run(sql) {
    await this.#ask({ sql })
  }

  /** Everything in it, written to one file. */
  async backUp(path) {
    await this.#ask({ backup: path })
  }

  async stop() {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    child.kill('SIGTERM')
    await once(child, 'exit')
    clearTimeout(timer)
  }

  #ask(message) {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (act) => {
        clearTimeout(timer)
        child.off('message', onMessage)
        child.off('exit', onExit)
        act()
      }
      const onMessage = (reply) =>
        settle(() => (reply.done ? resolve(reply) : reject(new Error(`the demo's database said: ${reply.failed}`))))
      const onExit = (code, signal) => settle(() => reject(new Error(`the demo's database ended (${signal ?? code})`)))
      const timer = setTimeout(
        () => settle(() => reject(new Error(`the demo's database did not answer in ${ANSWER_MS / 1_000} s`))),
        ANSWER_MS,
      )
      child.on('message', onMessage)
      child.on('exit', onExit)
      child.send(message)
    })
  }
}
