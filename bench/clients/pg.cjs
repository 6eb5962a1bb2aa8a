// What a service's own driver takes for the same: connects, asks once, leaves. The handle is the first word.
const { Client } = require('pg')

const client = new Client(process.argv[2])

async function ask() {
  await client.connect()
  await client.query('SELECT 1')
  await client.end()
}

ask()
