const PROVIDERS: readonly { readonly host: RegExp; readonly provider: string }[] = [
  { host: /\.rds\.amazonaws\.com(\.cn)?$/, provider: 'Amazon RDS' },
  { host: /\.cache\.amazonaws\.com(\.cn)?$/, provider: 'Amazon ElastiCache' },
  { host: /\.memorydb\.[a-z0-9-]+\.amazonaws\.com$/, provider: 'Amazon MemoryDB' },
  { host: /\.dsql\.[a-z0-9-]+\.on\.aws$/, provider: 'Amazon Aurora DSQL' },
  { host: /\.supabase\.(co|com)$/, provider: 'Supabase' },
  { host: /\.neon\.tech$/, provider: 'Neon' },
  { host: /\.upstash\.io$/, provider: 'Upstash' },
  { host: /\.redis-cloud\.com$|\.redislabs\.com$|\.redns\.redis-cloud\.com$/, provider: 'Redis Cloud' },
  { host: /\.postgres\.database\.azure\.com$/, provider: 'Azure Database' },
  { host: /\.redis(enterprise)?\.cache\.windows\.net$|\.redis\.azure\.net$/, provider: 'Azure Cache' },
  { host: /\.db\.ondigitalocean\.com$/, provider: 'DigitalOcean' },
  { host: /\.aivencloud\.com$/, provider: 'Aiven' },
  { host: /\.render\.com$/, provider: 'Render' },
  { host: /\.(rlwy\.net|railway\.(app|internal))$/, provider: 'Railway' },
  { host: /\.(flycast|fly\.dev)$|\.internal\.fly$/, provider: 'Fly.io' },
  { host: /\.cockroachlabs\.cloud$/, provider: 'CockroachDB Cloud' },
  { host: /\.(tsdb\.cloud\.timescale\.com|timescaledb\.io)$/, provider: 'Timescale' },
  { host: /\.postgresbridge\.com$/, provider: 'Crunchy Bridge' },
  { host: /\.db\.elephantsql\.com$/, provider: 'ElephantSQL' },
  { host: /\.scw\.cloud$/, provider: 'Scaleway' },
  { host: /\.psdb\.cloud$/, provider: 'PlanetScale' },
  { host: /\.cloudant\.com$|\.cloudantnosqldb\.appdomain\.cloud$/, provider: 'IBM Cloudant' },
]

/** Heroku runs on plain Amazon names; its generated database and user names give it away. */
const HEROKU = /^ec2-[0-9-]+\.([a-z0-9-]+\.)?compute(-1)?\.amazonaws\.com$/

/** Who runs a resource, when its host tells. Shown, never decided by. */
export function providerOf(host: string): { readonly provider?: string } {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (HEROKU.test(name)) return { provider: 'Heroku' }
  const found = PROVIDERS.find((row) => row.host.test(name))
  return found === undefined ? {} : { provider: found.provider }
}
