import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.js'

/** What the tests talk to or use, and the Debian package that brings it. */
const NEEDED = [
  { what: 'PostgreSQL', commands: ['initdb', 'postgres'], package: 'postgresql', alsoIn: postgresFolders },
  { what: 'PgBouncer', commands: ['pgbouncer'], package: 'pgbouncer', alsoIn: () => [] },
  { what: 'Redis', commands: ['redis-server'], package: 'redis-server', alsoIn: () => [] },
  { what: 'MariaDB', commands: ['mariadbd', 'mariadb-install-db'], package: 'mariadb-server', alsoIn: () => [] },
  { what: 'Memcached', commands: ['memcached'], package: 'memcached', alsoIn: () => [] },
  { what: 'beanstalkd', commands: ['beanstalkd'], package: 'beanstalkd', alsoIn: () => [] },
  { what: 'RabbitMQ', commands: ['rabbitmq-server', 'rabbitmqctl'], package: 'rabbitmq-server', alsoIn: () => [] },
  { what: 'Postfix', commands: ['postfix', 'postconf'], package: 'postfix', alsoIn: () => [] },
  { what: 'SQLite', commands: ['sqlite3'], package: 'sqlite3', alsoIn: () => [] },
  { what: 'OpenSSL (certificates for the TLS tests)', commands: ['openssl'], package: 'openssl', alsoIn: () => [] },
  { what: 'ShellCheck (for the runbooks)', commands: ['shellcheck'], package: 'shellcheck', alsoIn: () => [] },
  { what: 'flock', commands: ['flock'], package: 'util-linux', alsoIn: () => [] },
  { what: 'access control lists', commands: ['setfacl', 'getfacl'], package: 'acl', alsoIn: () => [] },
  { what: 'extended attributes', commands: ['setfattr', 'getfattr'], package: 'attr', alsoIn: () => [] },
]
const INSTALL_MS = 300_000

/** Installs without starting anything: a policy-rc.d that says no keeps the packages' own services and clusters down. */
const INSTALL = `
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"; }
install "$@" || { apt-get update -q && install "$@"; }
`

/**
 * Installs from Debian's packages what is missing, where this process may.
 * @returns {Promise<readonly string[]>} what is still missing, in words
 */
export async function installServers(say) {
  const absent = missing()
  if (absent.length > 0) {
    const how = await installer()
    if (how) {
      const packages = absent.map((row) => row.package)
      say(`installing ${packages.join(', ')} with apt-get; no service is started`)
      const [command, ...args] = [...how, 'sh', '-c', INSTALL, 'install', ...packages]
      const { code } = await run(command, args, { timeoutMs: INSTALL_MS })
      if (code !== 0) say(`apt-get ended with ${code}`)
    } else {
      say('this process may not install packages here (that takes apt-get, and root or sudo without a password)')
    }
  }
  return missing().map((row) => `${row.what} (Debian package ${row.package})`)
}

function missing() {
  const path = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin')
  return NEEDED.filter(
    ({ commands, alsoIn }) => !commands.every((command) => [...path, ...alsoIn()].some((folder) => isExecutable(join(folder, command)))),
  )
}

/** The words in front of a command that make it run as root, or null. */
async function installer() {
  if (!isExecutable('/usr/bin/apt-get')) return null
  if (process.getuid?.() === 0) return []
  const { code } = await run('sudo', ['-n', 'true'], { stdio: 'ignore' })
  return code === 0 ? ['sudo', '-n'] : null
}

/** Debian keeps PostgreSQL's programs out of PATH, one folder for each version. */
function postgresFolders() {
  try {
    return readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
  } catch {
    return []
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
