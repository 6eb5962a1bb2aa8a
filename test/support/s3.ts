import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { end, serverOrSkip } from './processes.ts'

const PACKAGES = resolve(import.meta.dirname, '../npm-servers')

/** Whether s3rver, which comes from npm, can be started here. Says so when not. */
export const haveS3rver = (): boolean => {
  const path = join(PACKAGES, 'node_modules/s3rver')
  return serverOrSkip('s3rver', existsSync(path) ? path : null)
}

/** The only login that s3rver knows. It checks the key and the time of a version 4 signature, and not the signature. */
export const S3RVER_LOGIN = 'S3RVER:S3RVER'

export interface S3Options {
  readonly buckets?: readonly string[]
  /** The port speaks TLS alone. PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface S3Server {
  readonly port: number
  /** Puts an object there, past the server. */
  put(bucket: string, key: string, body: string): void
  /** Whether an object stands there. */
  holds(bucket: string, key: string): boolean
  /** The names of all that stands there. */
  keys(bucket: string): readonly string[]
  /** Any request, unsigned, which s3rver takes. */
  send(method: string, target: string, body?: string): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

/** Its tokens of pages are made by DES, which OpenSSL 3 keeps among what is old. A process of its own: sockets that a test counts are its own. It ends with its input, also when a test run is killed. */
const SCRIPT = `
const { createRequire } = require('node:module')
const S3rver = createRequire(process.argv[1])('s3rver')
new S3rver(JSON.parse(process.argv[2])).run().then(({ port }) => process.stdout.write(port + '\\n'))
process.stdin.on('end', () => process.exit()).resume()
`

/** A real store on a free port of 127.0.0.1, in a temporary folder. Independent of us: https://github.com/jamhall/s3rver. Takes half a second. */
export async function startS3({ buckets = ['shop'], tls }: S3Options = {}): Promise<S3Server> {
  const directory = mkdtempSync('/tmp/att-s3-')
  const options = { port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: buckets.map((name) => ({ name })), ...tls }
  const child = spawn(
    process.execPath,
    ['--openssl-legacy-provider', '-e', SCRIPT, '--', join(PACKAGES, 'package.json'), JSON.stringify(options)],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const port = await portOf(child)
  const pathOf = (bucket: string, key: string) => join(directory, bucket, `${key}._S3rver_object`)
  return {
    port,
    put: (bucket, key, body) => {
      mkdirSync(dirname(pathOf(bucket, key)), { recursive: true })
      writeFileSync(pathOf(bucket, key), body)
      // Else it reckons that of each object when it lists them, all at once.
      writeFileSync(`${pathOf(bucket, key)}.md5`, createHash('md5').update(body).digest('hex'))
    },
    holds: (bucket, key) => existsSync(pathOf(bucket, key)),
    keys: (bucket) =>
      readdirSync(join(directory, bucket), { recursive: true, encoding: 'utf8' }).flatMap(
        (path) => /^(.*)\._S3rver_object$/.exec(path)?.[1] ?? [],
      ),
    send: async (method, target, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}${target}`, { method, ...(body === undefined ? {} : { body }) })
      await answer.arrayBuffer()
      return answer.status
    },
    [Symbol.asyncDispose]: async () => {
      await end(child)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** What a child writes first. */
export function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`it ended with ${code}`)))
    child.stdout?.once('data', (text) => resolve(Number(text)))
  })
}

/** A handle of a bucket on this machine. */
export const s3Handle = (
  port: number,
  {
    login = S3RVER_LOGIN,
    bucket = 'shop',
    query = '',
  }: { readonly login?: string; readonly bucket?: string; readonly query?: string } = {},
): string => `s3://${login === '' ? '' : `${login}@`}${bucket}?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}${query}`
