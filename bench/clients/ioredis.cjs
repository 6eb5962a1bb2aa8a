// What a service's own driver takes for the same: connects, asks once, leaves. The handle is the first word.
const { Redis } = require('ioredis')

const client = new Redis(process.argv[2], { lazyConnect: true })

async function ask() {
  await client.connect()
  await client.ping()
  await client.quit()
}

ask()
