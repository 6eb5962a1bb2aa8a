import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { exchange, listening } from './memcached.ts'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, serverOrSkip } from './processes.ts'
import { identity, own } from './server-user.ts'

/** Whether a real beanstalkd can be started here. Says so when not. */
export const haveBeanstalkd = (): boolean => serverOrSkip('beanstalkd', findProgram('beanstalkd'))

export interface BeanstalkdServer {
  readonly port: number
  /** `beanstalkd://127.0.0.1:PORT`. */
  url(): string
  /** Says lines, and answers what came back once `end` is in it. */
  tell(lines: string, end: string): Promise<string>
  /** That many jobs into a tube. */
  put(tube: string, jobs: number, how?: { readonly delay?: number }): Promise<void>
  /** Lets no further job in. */
  drain(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real beanstalkd on a free port of 127.0.0.1. `durable`: with a log of its jobs. `args`: further words of the command line. */
export async function startBeanstalkd({
  durable = 'no',
  args = [],
}: {
  durable?: 'yes' | 'no'
  args?: readonly string[]
} = {}): Promise<BeanstalkdServer> {
  const folder = mkdtempSync('/tmp/att-bs-')
  own(folder)
  const port = await freePort()
  const words = ['-l', '127.0.0.1', '-p', `${port}`, ...(durable === 'yes' ? ['-b', folder] : []), ...args]
  const child = spawn(findProgram('beanstalkd') ?? 'beanstalkd', words, { ...identity(), stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child, port)
  const tell = (lines: string, wanted: string) => exchange(port, lines, wanted)
  return {
    port,
    url: () => `beanstalkd://127.0.0.1:${port}`,
    tell,
    put: async (tube, jobs, { delay = 0 } = {}) => {
      await tell(`use ${tube}\r\n${`put 0 ${delay} 60 1\r\nx\r\n`.repeat(jobs)}list-tube-used\r\n`, `USING ${tube}\r\nINSERTED`)
      await eventually('all jobs in', async () => {
        const stats = await tell(`stats-tube ${tube}\r\n`, 'pause-time-left')
        if (!stats.includes(`total-jobs: ${jobs}\n`)) throw new Error(stats)
      })
    },
    drain: async () => {
      child.kill('SIGUSR1')
      await eventually('draining', async () => {
        const stats = await tell('stats\r\n', 'hostname')
        if (!stats.includes('draining: true')) throw new Error(stats)
      })
    },
    [Symbol.asyncDispose]: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
