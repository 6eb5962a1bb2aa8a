// One PostgreSQL-compatible server (PGlite) on loopback, as a process of its own, driven over the IPC channel of `fork`.
//
// In:  { start: { port, folder?, backup?, readOnly } }   folder: where it keeps its data; without one it keeps them in memory
//      { sql }   { backup: PATH }
// Out: { done: true, port? } or { failed: TEXT }
// It ends at SIGTERM, and when the process that started it is gone.
import { readFileSync, writeFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

/** Outside the range from which systems take ports for outgoing connections, so that a stopped server finds its port free again. */
const PORTS = { first: 20_000, count: 10_000 }

let database
let listener

async function start({ port, folder, backup, readOnly }) {
  database = await PGlite.create({
    ...(folder ? { dataDir: folder } : {}),
    ...(backup ? { loadDataDir: new Blob([readFileSync(backup)]) } : {}),
    ...(readOnly ? { startParams: [...PGlite.defaultStartParams, '-c', 'default_transaction_read_only=on'] } : {}),
  })
  return { port: await listen(port) }
}

/** On `port`, or on any free one. */
async function listen(port) {
  for (;;) {
    const wanted = port ?? PORTS.first + Math.floor(Math.random() * PORTS.count)
    const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: wanted, maxConnections: 20 })
    try {
      await server.start()
      listener = server
      return wanted
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port) throw error
    }
  }
}

async function answer(message) {
  if (message.start) return await start(message.start)
  if (message.sql) await database.exec(message.sql)
  if (message.backup) writeFileSync(message.backup, Buffer.from(await (await database.dumpDataDir('none')).arrayBuffer()), { mode: 0o600 })
  return {}
}

async function stop() {
  await listener?.stop()
  await database?.close()
  process.exit(0)
}

process.on('message', (message) => {
  answer(message).then(
    (result) => process.send({ done: true, ...result }),
    (error) => process.send({ failed: String(error?.message ?? error) }),
  )
})
process.on('disconnect', stop)
process.on('SIGTERM', stop)
/** Ctrl-C in a terminal reaches the whole group: the demo decides when its servers end. */
process.on('SIGINT', () => {})
