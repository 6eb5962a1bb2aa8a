import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { end } from './processes.ts'
import { portOf } from './s3.ts'
import type { Gate } from './s3-gate.ts'

/**
 * A gate that is a process of its own: sockets that a test counts are its own. Each login may do what it asks, but those in `listless`, who may not list;
 * anonymous requests may nothing.
 */
export async function startGateAlone(
  to: number,
  { logins, listless }: { readonly logins: ReadonlyMap<string, string>; readonly listless: readonly string[] },
): Promise<Pick<Gate, 'port'> & AsyncDisposable> {
  const { code } = transformSync(readFileSync(join(import.meta.dirname, 's3-gate.ts'), 'utf8'), { loader: 'ts', format: 'esm' })
  const main = `
const [to, logins, listless] = JSON.parse(process.argv[1])
const rule = ({ by, method }) => listless.includes(by) && method === 'GET' ? { status: 403, code: 'AccessDenied', message: 'Access Denied' } : null
const gate = await startGate(to, { logins: new Map(logins), rule })
process.stdout.write(gate.port + '\\n')
process.stdin.on('end', () => process.exit()).resume()
`
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `${code}\n${main}`, '--', JSON.stringify([to, [...logins], listless])],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  return { port: await portOf(child), [Symbol.asyncDispose]: () => end(child) }
}
