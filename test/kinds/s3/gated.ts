import { Secret } from '../../../src/domain/secret.ts'
import s3 from '../../../src/kinds/s3/s3.ts'
import { PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { expectNoSecret, probe } from '../../conformance/kind.ts'
import { type S3Server, s3Handle } from '../../support/s3.ts'
import { type Gate, type GateOptions, startGate } from '../../support/s3-gate.ts'

export const SECRET = 'wJalr/XUtnF+EMI=K7'
export const LOGIN = `APP:${encodeURIComponent(SECRET)}`

export const look = (handle: string, today: () => number = Date.now): Promise<ProbeReport> =>
  probe(s3, handle, { limits: PROBE_LIMITS, today })

/** Writes. Fails when the report holds the secret. */
export async function write(handle: string, signal: AbortSignal = new AbortController().signal): Promise<ProbeReport> {
  const context = { signal, depth: 'use', limits: PROBE_LIMITS, now: () => performance.now(), today: Date.now } as const
  const report = await s3.writeProbe?.(s3.parse(new Secret(handle)), context)
  if (report === undefined) throw new Error('the kind does not write')
  expectNoSecret(JSON.stringify(report), SECRET)
  return report
}

export interface Gated extends AsyncDisposable {
  readonly gate: Gate
  /** Of the bucket, through the gate. */
  handle(parts?: Parameters<typeof s3Handle>[1]): string
}

/** A gate before a store, which knows the login APP. */
export async function gated(server: Pick<S3Server, 'port'>, options: Partial<GateOptions> = {}): Promise<Gated> {
  const gate = await startGate(server.port, { logins: new Map([['APP', SECRET]]), ...options })
  return {
    gate,
    handle: (parts) => s3Handle(gate.port, { login: LOGIN, ...parts }),
    [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
  }
}
