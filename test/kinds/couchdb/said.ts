import type { Behaviour } from '../../support/liars.ts'

/** An answer as a server writes it. */
export function http(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const lines = Object.entries({ 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}`, ...headers })
  return `HTTP/1.1 ${status} Any\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`
}

export const WELCOME = {
  ...{ couchdb: 'Welcome', version: '3.3.3', git_sha: '40afbcfc7', uuid: '85fb71bf700c17267fef77535820e371' },
  ...{ features: ['access-ready'], vendor: { name: 'The Apache Software Foundation' } },
}

/** As CouchDB 3 tells of a database. */
export const DATABASE = {
  ...{ instance_start_time: '1700000000', db_name: 'shop', purge_seq: '0-g1AAAA', update_seq: '1200-g1AAAACTeJ' },
  ...{ sizes: { file: 100_000, external: 5_000, active: 60_000 }, props: {}, doc_del_count: 3, doc_count: 1_000 },
  ...{ disk_format_version: 8, compact_running: false, cluster: { q: 2, n: 3, w: 2, r: 2 } },
}

export const session = (name: string | null, roles: readonly string[] = []) => ({ ok: true, userCtx: { name, roles }, info: {} })

/** Answers by the path that is asked for; what has no answer is never answered. A null hangs up. */
export const serving =
  (answers: Readonly<Record<string, string | null>>): Behaviour =>
  (socket) => {
    socket.on('data', (asked) => {
      const path = /^GET (\S+)/.exec(asked.toString('latin1'))?.[1] ?? ''
      const answer = answers[path] ?? answers[path.replace(/\?.*/, '')]
      if (answer === null) socket.destroy()
      else if (answer !== undefined && !socket.destroyed) socket.write(answer)
    })
  }

/** A healthy CouchDB 3 with a database called shop, as an admin called app sees it. */
export const HEALTHY = {
  '/': http(200, WELCOME),
  '/_session': http(200, session('app', ['_admin'])),
  '/shop': http(200, DATABASE),
  '/shop/_all_docs': http(200, {
    total_rows: 1_000,
    offset: 0,
    rows: [{ id: '_design/orders', key: '_design/orders', value: { rev: '3-abc' } }],
  }),
  '/shop/_security': http(200, { admins: { names: [], roles: ['_admin'] }, members: { names: ['app'], roles: ['staff'] } }),
}
