import type { Socket } from 'node:net'
import type { HttpAnswer } from '../../net/http.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { basicLogin, hostHeader, webOver } from '../web.ts'
import type { HttpResource } from './handle.ts'

const SERVICE = 'a web service'

/**
 * Resolve, connect, TLS, and one HEAD of the very address, with the login of the handle where it has one. HEAD asks for nothing to be done (RFC 9110,
 * 9.3.2); no redirect is followed.
 */
export const probeHttp = (resource: HttpResource, context: ProbeContext): Promise<ProbeReport> =>
  probeOnly(
    openProbe<{ readonly socket: Socket }>(
      context,
      { address: { host: resource.host, port: resource.port }, service: SERVICE, askForTls: 'https://', protocol: 'HTTP' },
      async (run, plain) => {
        const web = await webOver(run, plain, resource)
        if (web === null) return null
        const { user, password, target } = resource
        const login = user === null && password === null ? {} : { authorization: basicLogin(user ?? '', password?.reveal() ?? '') }
        const answer = await web.ask(
          { method: 'HEAD', target: target.reveal(), headers: { host: hostHeader(resource), accept: '*/*', ...login } },
          { ms: run.exchangeMs, signal: run.signal },
        )
        learn(run, answer, resource)
        if (run.passed()) return null
        expectLetIn(answer, resource)
        run.passed()
        return null
      },
    ),
  )

function learn(run: Run, { status, headers }: HttpAnswer, { password, user, host }: HttpResource): void {
  const product = headers['server'] === undefined ? null : harmless(headers['server'], worthHiding(password, [user, host]))
  run.learn({ ...(product === null ? {} : { product }), more: { status } })
  const detail = `reachable: it answers with status ${status}. Whether it does its work was not asked`
  run.findings.push({ id: 'probe.reachable', severity: 'info', status: 'unknown', detail })
}

/** What a status says of being let in, and of being there at all. */
function expectLetIn({ status, headers }: HttpAnswer, { user }: HttpResource): void {
  const again = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? `wait ${headers['retry-after']} s` : 'wait'
  if (status === 401 || (status === 403 && user !== null)) {
    const reason = user === null ? 'it asks for a login, and the handle has none' : `it does not let this user in (status ${status})`
    throw new Failed({
      class: 'permanent',
      code: `http-${status}`,
      reason,
      hint: 'check user and password; a key may belong into a header that only the app sends',
    })
  }
  if (status === 407)
    throw new Failed({
      class: 'permanent',
      code: 'http-407',
      reason: 'a proxy stands there and asks for a login',
      hint: 'name the service itself',
    })
  if (status === 429) throw new Failed({ class: 'transient', code: 'http-429', reason: 'too many requests were made', hint: again })
  if (status >= 500 && status !== 501)
    throw new Failed({ class: 'transient', code: `http-${status}`, reason: `it is out of order (status ${status})`, hint: again })
}
