import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import { harmless } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { type Opened, openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { hostHeader, type Web, webOver } from '../web.ts'
import type { WebApi } from './handle.ts'
import { type Account, type Judged, otherwise, type Recipe } from './recipes.ts'

/** A web API that let us in. */
export interface Live {
  readonly socket: Socket
  readonly web: Web
  readonly resource: WebApi
  readonly account: Account | null
  readonly isSandbox: boolean | null
}

export const probeWebApi = (recipe: Recipe, resource: WebApi, context: ProbeContext): Promise<ProbeReport> =>
  probeOnly(openWebApi(recipe, resource, context))

/** Resolve, connect, TLS, and the one call of the recipe: each once, never again by itself, for calls are counted. */
export const openWebApi = (recipe: Recipe, resource: WebApi, context: ProbeContext): Promise<Opened<Live>> =>
  openProbe(
    context,
    { address: { host: resource.host, port: resource.port }, service: recipe.row.product, protocol: 'HTTP', askForTls: null },
    async (run, plain) => {
      const web = await webOver(run, plain, resource)
      if (web === null || recipe.call === null) return null
      const judged = await ask(run, recipe, web, resource)
      if (!judged.ok) throw failed(run, judged)
      const account = judged.account === null ? null : { id: judged.account.id, name: shown(judged.account.name, resource) }
      run.learn({ product: recipe.row.product, more: { ...(account === null ? {} : { account: account.name || account.id }) } })
      if (judged.isSandbox === true)
        run.findings.push({
          id: 'api.sandbox',
          severity: 'warn',
          status: 'warn',
          detail: 'the key is one for tests, or of a sandbox: nothing is delivered',
          remedy: 'use a key of the live account where mail is to arrive',
        })
      for (const _ of ['speak', 'login', 'use']) if (run.passed()) break
      return { socket: web.socket, web, resource, account, isSandbox: judged.isSandbox }
    },
  )

async function ask(run: Run, { call }: Recipe, web: Web, resource: WebApi): Promise<Judged> {
  if (call === null) throw new NetError('talk', 'protocol')
  const world = { host: hostHeader(resource), nonce: randomBytes(16).toString('hex'), seconds: Math.floor(run.today / 1_000) }
  const answer = await web.ask(call.request(resource.keys, world), { ms: run.exchangeMs, signal: run.signal })
  try {
    return call.judge(answer, resource.keys)
  } catch {
    return otherwise({ ...answer, status: 0 })
  }
}

/** The stages before the one that failed were passed. */
function failed(run: Run, { ok: _, ...failure }: Extract<Judged, { ok: false }>): Failed {
  if (failure.failedAt !== 'speak') run.passed()
  if (failure.failedAt === 'use') run.passed()
  return new Failed(failure)
}

const shown = (text: string, { keys }: WebApi): string => harmless(text, [...keys.values()] as readonly Secret[]) ?? ''
