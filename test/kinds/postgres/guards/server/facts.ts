import type { ServerFacts } from '../../../../../src/kinds/postgres/guards/server/survey.ts'

/** What a server that means well tells. */
const USUAL: ServerFacts = {
  inRecovery: { is: false },
  readOnly: { is: { on: false, source: 'default' } },
  cluster: { is: '7710578664747974041' },
  instance: { is: '1795258994389642 5432' },
  timeline: { is: 1 },
  database: { is: { oid: '16384', name: 'shop', role: 'app' } },
  version: { is: 150_018 },
  encoding: { is: 'UTF8' },
  locale: { is: { provider: 'c', collate: 'en_US.UTF-8', ctype: 'en_US.UTF-8', name: null, rules: null } },
  collationVersion: { is: { recorded: '2.36', actual: '2.36' } },
  outdated: { is: [] },
  order: { is: 'cefdb5c72666ac7f3397e9879802f5a4' },
  extensions: { is: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }] },
  available: { is: [{ name: 'plpgsql', version: '1.0' }] },
  settings: {
    is: [
      { name: 'fsync', value: 'on', unit: null, source: 'default' },
      { name: 'search_path', value: '"$user", public', unit: null, source: 'default' },
      { name: 'statement_timeout', value: '0', unit: 'ms', source: 'default' },
      { name: 'TimeZone', value: 'UTC', unit: null, source: 'configuration file' },
      { name: 'wal_level', value: 'replica', unit: null, source: 'default' },
    ],
  },
  schemas: { is: ['public'] },
  role: { is: { name: 'app', superuser: false, limit: -1, databaseLimit: -1, validUntil: null, memberOf: [] } },
  connections: { is: { max: 100, reserved: 3, used: 1, ofDatabase: 1, ofRole: 1 } },
  pooled: { is: false },
  prepared: { is: { transactions: 0, most: 0 } },
  slots: { is: [] },
  publications: { is: 0 },
  subscriptions: { is: [] },
  ages: { is: { transactions: 9, locks: 0 } },
  bytes: { is: 1_000_000_000 },
  progress: { is: { at: '22024536', transaction: '726', paused: false } },
  forks: { is: [] },
}

/** The old one. */
export const oldFacts = (parts: Partial<ServerFacts> = {}): ServerFacts => ({ ...USUAL, ...parts })

/** A faithful copy by pg_dump and pg_restore: a cluster of its own. */
export const restored = (parts: Partial<ServerFacts> = {}): ServerFacts => ({
  ...USUAL,
  cluster: { is: '7710578811111111111' },
  instance: { is: '1795999999999999 5433' },
  database: { is: { oid: '20000', name: 'shop', role: 'app' } },
  progress: { is: { at: '9000', transaction: '800', paused: false } },
  ...parts,
})

/** A physical copy that is started on its own, and has all that the old one has. */
export const copied = (parts: Partial<ServerFacts> = {}): ServerFacts => ({
  ...USUAL,
  instance: { is: '1795999999999999 5433' },
  timeline: { is: 2 },
  ...parts,
})

/** A standby that has replayed all that the old one has written. */
export const standby = (parts: Partial<ServerFacts> = {}): ServerFacts =>
  copied({ inRecovery: { is: true }, timeline: { is: 1 }, ...parts })

/** The settings of the usual server, some of them otherwise. */
export const settingsWith = (values: Readonly<Record<string, string>>): ServerFacts['settings'] => {
  const usual = 'is' in USUAL.settings ? USUAL.settings.is : []
  const rest = Object.keys(values).filter((name) => !usual.some((each) => each.name === name))
  return {
    is: [
      ...usual.map((each) => ({ ...each, value: values[each.name] ?? each.value })),
      ...rest.map((name) => ({ name, value: values[name] ?? '', unit: name.endsWith('timeout') ? 'ms' : null, source: 'default' })),
    ],
  }
}

/** The same facts, none of them told. */
export const silentFacts = (why: string): ServerFacts =>
  // Every fact of the form may be unknown.
  Object.fromEntries(Object.keys(USUAL).map((name) => [name, { unknown: why }])) as ServerFacts
