import { EXPECTATIONS } from '../domain/probe.ts'
import type { Judging, Located, Parts, Probing, Releasing, Speaking, Where, Writing } from './command.ts'
import { type Line, usage } from './line.ts'
import { checkIds, count, deployName, duration, flag, oneOf, secret, text } from './values.ts'

/** Each of these reads its part of a command from the options. All throw USAGE. */
export function speaking(line: Line): Speaking {
  if (flag(line, 'quiet') && flag(line, 'verbose')) throw usage('--quiet and --verbose contradict each other', 'attach help')
  return {
    json: flag(line, 'json'),
    quiet: flag(line, 'quiet'),
    verbose: flag(line, 'verbose'),
    color: !flag(line, 'no-color'),
    input: !flag(line, 'no-input'),
  }
}

export const located = (line: Line): Located => ({
  ...speaking(line),
  where: where(line),
  directory: text(line, 'directory'),
  timeoutMs: duration(line, 'timeout', { least: 1 }),
})

export function writing(line: Line): Writing {
  const confirm = text(line, 'confirm')
  return {
    ...located(line),
    dryRun: flag(line, 'dry-run'),
    yes: flag(line, 'yes') || confirm !== null,
    confirm,
    lockTimeoutMs: duration(line, 'lock-timeout', { least: 0 }),
    atomicOnly: flag(line, 'atomic-only'),
    hook: !flag(line, 'no-hook'),
    trust: flag(line, 'trust'),
  }
}

export function releasing(line: Line): Releasing {
  const onFailure = oneOf(line, 'on-failure', ['revert', 'keep'])
  if (onFailure !== null && flag(line, 'no-hook')) throw usage('--on-failure is for what --no-hook skips', 'attach help swap')
  return { ...writing(line), message: text(line, 'message'), onFailure }
}

export const judging = (line: Line): Judging => ({
  expect: oneOf(line, 'expect', EXPECTATIONS),
  allow: checkIds(line, 'allow'),
  strict: flag(line, 'strict'),
  baseline: text(line, 'baseline'),
})

export function probing(line: Line): Probing {
  const skipped = (['expect', 'strict', 'baseline'] as const).find((option) => line.options.has(option))
  if (skipped !== undefined && flag(line, 'no-probe')) throw usage(`--${skipped} needs the probe that --no-probe skips`, 'attach help')
  return { probe: !flag(line, 'no-probe'), ...judging(line) }
}

/** The parts of a handle that are to be replaced. */
export function partsIn(line: Line): Parts {
  const [host, name, user] = [text(line, 'host'), text(line, 'name'), text(line, 'user')]
  const port = count(line, 'port', { most: 65_535 })
  const password = secret(line, 'password')
  return {
    ...(host === null ? {} : { host }),
    ...(port === null ? {} : { port: `${port}` }),
    ...(name === null ? {} : { name }),
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password: password.reveal() === '-' ? { from: 'stdin' } : { from: 'argv', value: password } }),
  }
}

function where(line: Line): Where {
  const address = text(line, 'config')
  const name = deployName(line)
  if (address !== null && name !== null) throw usage('--config and --deploy both choose the deploy: give one', 'attach help')
  if (address !== null) return { by: 'config', address }
  return name === null ? { by: 'default' } : { by: 'deploy', name }
}
