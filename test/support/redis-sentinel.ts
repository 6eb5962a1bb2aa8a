import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { end, eventually, findProgram } from './processes.ts'
import { type RedisServer, startRedis } from './redis.ts'

/** The name by which the sentinels know the master. */
export const MASTER = 'mymaster'

export interface SentinelsOptions {
  /** Of both servers. */
  readonly password?: string
  /** Of the sentinels themselves. */
  readonly sentinelPassword?: string
}

/** A real master, a real replica, and three real sentinels that see each other and both servers. Quorum: two. */
export interface Sentinels {
  readonly servers: readonly [RedisServer, RedisServer]
  readonly ports: readonly number[]
  /** One command to one sentinel; the reply as it came. Not with TLS. */
  ask(at: number, ...words: readonly string[]): Promise<string>
  /** Ends one sentinel. */
  stop(at: number): Promise<void>
  /** `127.0.0.1:26379,…`. */
  readonly hosts: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function startSentinels({ password, sentinelPassword }: SentinelsOptions = {}): Promise<Sentinels> {
  const login = password === undefined ? {} : { password }
  const auth = password === undefined ? [] : ['--masterauth', password]
  const master = await startRedis({ ...login, args: auth })
  const replica = await startRedis({ ...login, args: [...auth, '--replicaof', `127.0.0.1 ${master.port}`] })
  await eventually('a replica in line', async () => {
    if (!(await replica.ask('INFO', 'replication')).includes('master_link_status:up')) throw new Error('not yet')
  })
  const folder = mkdtempSync('/tmp/att-se-')
  const ports = [await freePort(), await freePort(), await freePort()]
  const children = ports.map((port) => startOne(folder, port, { master: master.port, password, sentinelPassword }))
  const ask = (at: number, ...words: readonly string[]) =>
    exchange(ports[at] ?? 0, [...(sentinelPassword === undefined ? [] : [`AUTH ${sentinelPassword}`]), words.join(' ')])
  const all: Sentinels = {
    servers: [master, replica],
    ports,
    ask,
    stop: async (at) => {
      const child = children[at]
      if (child !== undefined) await end(child)
    },
    hosts: ports.map((port) => `127.0.0.1:${port}`).join(','),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(children.map((child) => end(child)))
      await Promise.all([master, replica].map((server) => server[Symbol.asyncDispose]()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    for (const at of ports.keys()) {
      await eventually(
        'sentinels that see each other',
        async () => {
          if (!(await ask(at, 'SENTINEL', 'CKQUORUM', MASTER)).includes('OK 3 usable')) throw new Error('not yet')
          if (!/num-slaves\r\n\$1\r\n1\r\n/.test(await ask(at, 'SENTINEL', 'MASTER', MASTER))) throw new Error('not yet')
        },
        30_000,
      )
    }
    return all
  } catch (error) {
    await all[Symbol.asyncDispose]()
    throw error
  }
}

interface Watched {
  readonly master: number
  readonly password: string | undefined
  readonly sentinelPassword: string | undefined
}

function startOne(folder: string, port: number, { master, password, sentinelPassword }: Watched): ChildProcess {
  return startWith(folder, [
    `port ${port}`,
    ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
    `sentinel monitor ${MASTER} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${MASTER} 2000`,
    `sentinel failover-timeout ${MASTER} 5000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${MASTER} ${password}`]),
  ])
}

/** A sentinel writes into its file: each has its own. */
function startWith(folder: string, lines: readonly string[]): ChildProcess {
  const file = join(folder, `${lines[0]?.replace(/\W+/g, '-')}.conf`)
  writeFileSync(file, `${['bind 127.0.0.1', `dir ${folder}`, ...lines].join('\n')}\n`)
  const program = findProgram('redis-server') ?? findProgram('valkey-server')
  if (program === null) throw new Error('redis-server is not installed')
  return spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
}

/** One sentinel alone that speaks TLS, and watches a master that does. */
export async function startTlsSentinel(
  master: number,
  { cert, key, ca }: { readonly cert: string; readonly key: string; readonly ca: string },
): Promise<{ readonly port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const folder = mkdtempSync('/tmp/att-se-')
  const port = await freePort()
  const files = [`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`, 'tls-auth-clients no', 'tls-replication yes']
  const child = startWith(folder, [`tls-port ${port}`, 'port 0', ...files, `sentinel monitor ${MASTER} 127.0.0.1 ${master} 1`])
  await eventually('a sentinel that listens', () => reached(port))
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const reached = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.on('error', reject)
    socket.on('connect', () => {
      socket.destroy()
      resolve()
    })
  })

/** Lines are commands too. Waits until the reply to the last one is whole, by a PING behind it. */
function exchange(port: number, commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    let reply = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject)
    socket.on('connect', () => socket.write(`${[...commands, 'PING'].join('\r\n')}\r\n`))
    socket.on('data', (chunk) => {
      reply += chunk
      if (!reply.endsWith('+PONG\r\n') && !/-NOAUTH[^\n]*\n$/.test(reply)) return
      socket.destroy()
      resolve(reply)
    })
  })
}
