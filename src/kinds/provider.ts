const PROVIDERS: readonly { readonly host: RegExp; readonly provider: string }[] = [
  { host: /\.rds\.amazonaws\.com(\.cn)?$/, provider: 'Amazon RDS' },
  { host: /\.cache\.amazonaws\.com(\.cn)?$/, provider: 'Amazon ElastiCache' },
  { host: /\.memorydb\.[a-z0-9-]+\.amazonaws\.com$/, provider: 'Amazon MemoryDB' },
  { host: /\.dsql\.[a-z0-9-]+\.on\.aws$/, provider: 'Amazon Aurora DSQL' },
  { host: /\.supabase\.(co|com)$/, provider: 'Supabase' },
  { host: /\.neon\.tech$/, provider: 'Neon' },
  { host: /\.upstash\.io$/, provider: 'Upstash' },
  { host: /\.memcachier\.com$/, provider: 'MemCachier' },
  { host: /^(pub-memcache|memcached)-.*\.(redislabs|redis-cloud|garantiadata)\.com$/, provider: 'Memcached Cloud' },
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
  { host: /(^|\.)postmarkapp\.com$/, provider: 'Postmark' },
  { host: /(^|\.)(newrelic\.com|nr-data\.net)$/, provider: 'New Relic' },
  { host: /(^|\.)loggly\.com$/, provider: 'Loggly' },
  { host: /(^|\.)(x|twitter)\.com$/, provider: 'X' },
  { host: /^maps\.googleapis\.com$/, provider: 'Google Maps' },
  { host: /(^|\.)audioscrobbler\.com$/, provider: 'Last.fm' },
  { host: /\.cloudamqp\.com$/, provider: 'CloudAMQP' },
  { host: /\.mq\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)$/, provider: 'Amazon MQ' },
  { host: /\.psdb\.cloud$/, provider: 'PlanetScale' },
  { host: /\.sendgrid\.net$/, provider: 'SendGrid' },
  { host: /\.mailgun\.org$/, provider: 'Mailgun' },
  { host: /^email-smtp(-fips)?\.[a-z0-9-]+\.amazonaws\.com$/, provider: 'Amazon SES' },
  { host: /\.mailtrap\.io$/, provider: 'Mailtrap' },
  { host: /\.mailjet\.com$/, provider: 'Mailjet' },
  { host: /\.(brevo|sendinblue)\.com$/, provider: 'Brevo' },
  { host: /^smtp\.mandrillapp\.com$/, provider: 'Mandrill' },
  { host: /\.sparkpostmail\.com$/, provider: 'SparkPost' },
  { host: /^smtp\.resend\.com$/, provider: 'Resend' },
  { host: /^smtp(-relay)?\.(gmail|googlemail)\.com$/, provider: 'Google' },
  { host: /^smtp(-[a-z]+)?\.(office365|outlook)\.com$|\.mail\.protection\.outlook\.com$/, provider: 'Microsoft 365' },
  { host: /(^|\.)s3[.-]([a-z0-9.-]+\.)?amazonaws\.com(\.cn)?$/, provider: 'Amazon S3' },
  { host: /\.r2\.cloudflarestorage\.com$/, provider: 'Cloudflare R2' },
  { host: /\.digitaloceanspaces\.com$/, provider: 'DigitalOcean Spaces' },
  { host: /\.backblazeb2\.com$/, provider: 'Backblaze B2' },
  { host: /\.wasabisys\.com$/, provider: 'Wasabi' },
  { host: /\.linodeobjects\.com$/, provider: 'Linode' },
  { host: /\.your-objectstorage\.com$/, provider: 'Hetzner' },
  { host: /\.cloud\.ovh\.net$/, provider: 'OVHcloud' },
  { host: /\.exo\.io$/, provider: 'Exoscale' },
  { host: /\.tigris\.dev$/, provider: 'Tigris' },
  { host: /^storage\.googleapis\.com$/, provider: 'Google Cloud Storage' },
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
