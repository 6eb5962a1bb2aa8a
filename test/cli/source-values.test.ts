import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { commandValue, fileValue } from '../../src/cli/source-values.ts'
import type { Key } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import { processHost } from '../../src/host/process-host.ts'
import { eventually } from '../support/processes.ts'
import { scratch } from '../support/scratch.ts'

const KEY = 'A_URL' as Key
const how = { verb: 'attach' as const, raw: false, directory: null, timeoutMs: null, boundMs: 150 }
const session = (signal = new AbortController().signal) => ({ host: processHost(), signal, reporter: { event: () => {} } })

describe('the bound of a value from outside', { concurrent: true }, () => {
  test('is named when a pipe that nobody writes to passes it', async () => {
    using place = scratch()
    execFileSync('mkfifo', [place.at('pipe')])
    await expect(fileValue(KEY, place.at('pipe'), how, session())).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'the file for A_URL did not come to its end within 0.15s; nothing was changed',
      hint: '--timeout 5m gives it longer',
    })
  })

  test('is named when a command passes it, which is ended', async () => {
    using place = scratch()
    const run = new Secret(`trap 'echo ended > ${place.at('note')}; exit' TERM; while :; do sleep 0.05; done`)
    await expect(commandValue(KEY, run, { ...how, boundMs: 1_000 }, () => {}, session())).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'the command for A_URL did not end within 1s; nothing was changed',
    })
    expect(place.read('note')).toBe('ended\n')
  })

  test('is ended with what it started also when it does not listen', async () => {
    using place = scratch()
    const run = new Secret(`trap '' TERM; echo $$ > ${place.at('pid')}; while :; do sleep 0.05; done`)
    await expect(commandValue(KEY, run, { ...how, boundMs: 1_000 }, () => {}, session())).rejects.toMatchObject({ code: 'REFUSED' })
    const pid = Number(place.read('pid'))
    await eventually('its end', async () => {
      if (isThere(pid)) throw new Error('it goes on')
    })
  })

  test('gives way to --timeout, which is seen to elsewhere', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 400)
    const waiting = commandValue(KEY, new Secret('sleep 30'), { ...how, timeoutMs: 400 }, () => {}, session(stop.signal))
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
