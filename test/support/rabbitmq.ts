import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Certificates } from './certificates.ts'
import { end, eventually, findProgram, run, serverOrSkip } from './processes.ts'
import { identity, own } from './server-user.ts'

/** The programs themselves: those in PATH of Debian become another user and change the folder. */
const FOLDER = '/usr/lib/rabbitmq/bin'
const program = (name: string): string | null => (existsSync(join(FOLDER, name)) ? join(FOLDER, name) : findProgram(name))

/** Whether a real RabbitMQ can be started here. Says so when not. */
export const haveRabbit = (): boolean => serverOrSkip('rabbitmq-server', program('rabbitmq-server'))

/** An administrator of the server. */
export const ADMIN = { user: 'admin', password: 'admin-of-rabbit' }

/** The management API is ten thousand above each port. */
export interface Rabbit {
  readonly port: number
  /** Empty of meaning unless it was started with certificates. */
  readonly tlsPort: number
  /** A handle of the administrator, unless another user is named. */
  url(parts?: { readonly user?: string; readonly password?: string; readonly vhost?: string; readonly port?: number }): string
  /** One request to the management API as the administrator. Throws unless it went well. */
  manage(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** An Erlang expression, on the node. */
  evaluate(expression: string): Promise<string>
  /** A vhost of its own in which the administrator may do everything. */
  vhost(name: string): Promise<void>
  /** `tags`: of the management API. */
  user(name: string, password: string, tags?: string): Promise<void>
  permit(
    vhost: string,
    user: string,
    rights?: { readonly configure?: string; readonly write?: string; readonly read?: string },
  ): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real RabbitMQ with its management API, on free ports of 127.0.0.1, with an epmd of its own. Takes some seconds: one for a whole file. */
export async function startRabbit({ certificates }: { readonly certificates?: Certificates } = {}): Promise<Rabbit> {
  const folder = mkdtempSync('/tmp/att-mq-')
  own(folder)
  const at = (name: string): string => join(folder, name)
  const [port, tlsPort] = [await freePair(), await freePair()]
  const [dist, names] = [await freePair(), await freePair()]
  for (const name of ['home', 'mnesia', 'log']) {
    mkdirSync(at(name))
    own(at(name))
  }
  const place = (name: string, text: string, mode = 0o644): void => {
    writeFileSync(at(name), text, { mode })
    own(at(name))
  }
  place('home/.erlang.cookie', 'ATTACH-TEST-COOKIE', 0o400)
  place('enabled_plugins', '[rabbitmq_management, rabbitmq_auth_mechanism_ssl].')
  place('rabbitmq.conf', settings({ port, tlsPort, certificates }).join('\n'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    HOME: at('home'),
    RABBITMQ_NODENAME: `attach${port}@localhost`,
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_DIST_PORT: `${dist}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: `${names}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  const options = { env, cwd: folder, ...identity() }
  const epmd = spawn(findProgram('epmd', ['/usr/lib/erlang/bin']) ?? 'epmd', ['-port', `${names}`, '-address', '127.0.0.1'], {
    ...options,
    stdio: 'ignore',
  })
  const server = spawn(program('rabbitmq-server') ?? 'rabbitmq-server', [], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const rabbit = new LocalRabbit({ port, tlsPort, folder, server, epmd, env })
  try {
    await rabbit.started()
  } catch (error) {
    await rabbit[Symbol.asyncDispose]()
    throw error
  }
  return rabbit
}

interface Ports {
  readonly port: number
  readonly tlsPort: number
}

function settings({ port, tlsPort, certificates }: Ports & { readonly certificates: Certificates | undefined }): readonly string[] {
  const plain = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${port + 10_000}`,
    `default_user = ${ADMIN.user}`,
    `default_pass = ${ADMIN.password}`,
    'cluster_name = attach-test',
    'auth_mechanisms.1 = PLAIN',
    'auth_mechanisms.2 = EXTERNAL',
    'ssl_cert_login_from = common_name',
    'log.console = true',
    'log.console.level = error',
  ]
  if (certificates === undefined) return [...plain, '']
  const { ca, good } = certificates
  return [
    ...plain,
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    `ssl_options.cacertfile = ${ca}`,
    `ssl_options.certfile = ${good.cert}`,
    `ssl_options.keyfile = ${good.key}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
    'management.ssl.ip = 127.0.0.1',
    `management.ssl.port = ${tlsPort + 10_000}`,
    `management.ssl.cacertfile = ${ca}`,
    `management.ssl.certfile = ${good.cert}`,
    `management.ssl.keyfile = ${good.key}`,
    '',
  ]
}

interface Parts extends Ports {
  readonly folder: string
  readonly server: ChildProcess
  readonly epmd: ChildProcess
  readonly env: Readonly<Record<string, string>>
}

class LocalRabbit implements Rabbit {
  readonly #parts: Parts
  #log = ''

  constructor(parts: Parts) {
    this.#parts = parts
    for (const stream of [parts.server.stdout, parts.server.stderr])
      stream?.on('data', (chunk) => {
        this.#log = (this.#log + chunk).slice(-3_000)
      })
  }

  get port(): number {
    return this.#parts.port
  }

  get tlsPort(): number {
    return this.#parts.tlsPort
  }

  async started(): Promise<void> {
    await eventually('RabbitMQ answering', async () => await this.manage('GET', 'overview'), 60_000).catch((error) => {
      throw new Error(`RabbitMQ does not start: ${this.#log}`, { cause: error })
    })
  }

  url({ user = ADMIN.user, password = ADMIN.password, vhost = '/', port = this.port }: Parameters<Rabbit['url']>[0] = {}): string {
    return `amqp://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(vhost)}`
  }

  async manage(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.port + 10_000}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  async evaluate(expression: string): Promise<string> {
    const { env, folder } = this.#parts
    return await run(program('rabbitmqctl') ?? 'rabbitmqctl', ['eval', expression], { env, cwd: folder, ...identity() })
  }

  async vhost(name: string): Promise<void> {
    await this.manage('PUT', `vhosts/${encodeURIComponent(name)}`)
    await this.permit(name, ADMIN.user)
  }

  async user(name: string, password: string, tags = ''): Promise<void> {
    await this.manage('PUT', `users/${encodeURIComponent(name)}`, { password, tags })
  }

  async permit(
    vhost: string,
    user: string,
    { configure = '.*', write = '.*', read = '.*' }: Parameters<Rabbit['permit']>[2] = {},
  ): Promise<void> {
    await this.manage('PUT', `permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(user)}`, { configure, write, read })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#parts.server)
    await end(this.#parts.epmd)
    rmSync(this.#parts.folder, { recursive: true, force: true })
  }
}

/** A port of 127.0.0.1 that is free, and the one ten thousand above it too. */
async function freePair(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 30_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
  throw new Error('no two ports are free')
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
