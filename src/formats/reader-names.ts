/** The readers of `.env` files that attach tells apart, by the names used in `readers:`. */
export const READERS = [
  ...['dotenv', 'node', 'dotenv-expand', 'dotenvx', 'next', 'vite', 'bun', 'deno', 'env-cmd'],
  ...['python-dotenv', 'ruby', 'phpdotenv', 'symfony', 'godotenv', 'dotenvy'],
  ...['sh', 'direnv', 'systemd', 'docker', 'compose', 'podman', 'kubectl'],
] as const

export type ReaderName = (typeof READERS)[number]
