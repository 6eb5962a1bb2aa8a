/** Colours by meaning. Every mark keeps its sense without them. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly odd: (text: string) => string
  readonly dim: (text: string) => string
  readonly strong: (text: string) => string
}

const same = (text: string): string => text
export const PLAIN: Paint = { good: same, bad: same, odd: same, dim: same, strong: same }

/** The only place where colours are made. */
export async function coloured(): Promise<Paint> {
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return { good: chalk.green, bad: chalk.red, odd: chalk.yellow, dim: chalk.dim, strong: chalk.bold }
}
