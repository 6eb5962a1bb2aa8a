import { type Check, row } from '../../domain/finding.ts'

/** What two keys of one web API are compared by. */
export const WEB_API = {
  sandbox: row(
    'api.sandbox',
    'error',
    'free',
    'The new key is one for tests, or of a sandbox, and the old one is not: what the app sends goes nowhere.',
  ),
  account: row('api.account', 'warn', 'free', 'The new key is of another account: senders, limits and what was stored there are others.'),
} as const satisfies Record<string, Check>
