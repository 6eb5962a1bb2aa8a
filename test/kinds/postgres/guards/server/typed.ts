import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type PostgresServer, postgresPrograms } from '../../../../support/postgres.ts'

/** What a person types into psql as the superuser. Throws what it says when a statement is refused. */
export async function typed(server: PostgresServer, statements = '', database = 'shop'): Promise<void> {
  const words = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', server.url({ database })]
  const child = spawn(join(postgresPrograms(), 'psql'), words, { stdio: ['pipe', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  child.stdin.end(`${statements};\n`)
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`psql ended with ${code}: ${text}`)
}
