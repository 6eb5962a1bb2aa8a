import { NetError } from '../../../net/bounded.ts'
import type { Exchange } from '../../../net/lines.ts'
import { Failed } from '../../probing.ts'
import { Bytes } from './bytes.ts'
import { readError, ServerRefused } from './greeting.ts'
import type { Packets } from './packets.ts'

/** A row by the names of its columns, as text. */
export type Row = Readonly<Record<string, string | null>>

const QUIT = 1
const INIT_DB = 2
const QUERY = 3
const PING = 14
const COLUMNS_MAX = 200
const ROWS_MAX = 200_000

/** A session that is logged in. Throws ServerRefused for an error of the server, after which it goes on; NetError, after which it is of no use. */
export class Session {
  readonly #packets: Packets

  constructor(packets: Packets) {
    this.#packets = packets
  }

  allow(bytes: number): void {
    this.#packets.allow(bytes)
  }

  async choose(database: string, exchange: Exchange): Promise<void> {
    await this.#done(command(INIT_DB, database), exchange)
  }

  async ping(exchange: Exchange): Promise<void> {
    await this.#done(command(PING), exchange)
  }

  /** One statement. No rows where it has none to tell. `exchange.ms` is the bound of all of it. */
  async rows(statement: string, exchange: Exchange): Promise<readonly Row[]> {
    const bound = within(exchange)
    this.#packets.ask(command(QUERY, statement))
    const first = await this.#next(bound())
    if (first[0] === 0xfb) throw new Failed(FILE_ASKED_FOR)
    if (first[0] === 0x00) return []
    const count = new Bytes(first).length() ?? 0
    if (count < 1 || count > COLUMNS_MAX) throw new NetError('talk', 'protocol')
    const names: string[] = []
    while (names.length < count) names.push(columnIn(await this.#next(bound())))
    if (!isEnd(await this.#next(bound()))) throw new NetError('talk', 'protocol')
    const rows: Row[] = []
    for (;;) {
      const payload = await this.#next(bound())
      if (isEnd(payload)) return rows
      if (rows.length >= ROWS_MAX) throw new NetError('talk', 'too-much')
      const bytes = new Bytes(payload)
      rows.push(Object.fromEntries(names.map((name) => [name, bytes.text()])))
    }
  }

  /** Says good-bye, and waits for nothing: a session that only breaks off is counted by the server as an error. */
  quit(): void {
    this.#packets.ask(command(QUIT))
  }

  async #done(payload: Buffer, exchange: Exchange): Promise<void> {
    this.#packets.ask(payload)
    const [first] = await this.#next(exchange)
    if (first === 0xfb) throw new Failed(FILE_ASKED_FOR)
    if (first !== 0x00) throw new NetError('talk', 'protocol')
  }

  async #next(exchange: Exchange): Promise<Buffer> {
    const payload = await this.#packets.next(exchange)
    if (payload[0] === 0xff) throw new ServerRefused(readError(payload))
    return payload
  }
}

/** https://dev.mysql.com/doc/refman/8.4/en/load-data-local-security.html */
const FILE_ASKED_FOR = {
  class: 'permanent',
  code: 'local-infile',
  reason: 'the server asked for a file of this machine in answer to a question, and got none',
  hint: 'no honest server does that: find out who answers there before any client goes there again',
} as const

const command = (code: number, text = ''): Buffer => Buffer.concat([Buffer.from([code]), Buffer.from(text)])

/** What is left of an exchange, each time it is asked. */
function within({ ms, now, signal }: Exchange): () => Exchange {
  const deadline = now() + ms
  return () => ({ ms: deadline - now(), now, signal })
}

const isEnd = (payload: Buffer): boolean => payload[0] === 0xfe && payload.length < 9

/** Catalog, schema, table and its own name stand before the name, and one more behind it. */
function columnIn(payload: Buffer): string {
  const bytes = new Bytes(payload)
  for (let part = 0; part < 4; part += 1) bytes.text()
  return bytes.text() ?? ''
}
