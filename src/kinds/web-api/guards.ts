import type { core } from 'zod'
import { found, passed } from '../../domain/finding.ts'
import type { Survey } from '../../domain/survey.ts'
import type { Guards, Session, SurveyContext } from '../../ports/kind.ts'
import { Asking } from '../asking.ts'
import { both, guardsOf, type Judge, ofNext } from '../comparing.ts'
import { toldSchema, type Zod } from '../told-schema.ts'
import { hostHeader } from '../web.ts'
import { WEB_API } from './checks.ts'
import type { Live } from './probe.ts'
import type { Recipe } from './recipes.ts'

const factsSchema = (z: Zod) =>
  z.strictObject({
    account: toldSchema(z, z.strictObject({ id: z.string().max(200), name: z.string().max(200) })),
    sandbox: toldSchema(z, z.boolean()),
  })

type WebApiFacts = core.output<ReturnType<typeof factsSchema>>

const sandbox: Judge<WebApiFacts> = (sides) =>
  ofNext(
    WEB_API.sandbox,
    sides,
    (facts) => facts.sandbox,
    (is) => {
      if (!is) return passed(WEB_API.sandbox, 'what is sent is delivered')
      const was = sides.old !== null && 'is' in sides.old.sandbox && sides.old.sandbox.is
      const detail = `a key for tests, or of a sandbox${was ? ', as the old one' : ''}: nothing is delivered`
      return found(WEB_API.sandbox, detail, { remedy: 'name a key of the live account', ...(was ? { severity: 'warn' as const } : {}) })
    },
  )

const account: Judge<WebApiFacts> = (sides) =>
  both(
    WEB_API.account,
    sides,
    (facts) => facts.account,
    (old, next) =>
      old.id === next.id
        ? passed(WEB_API.account, `both are of ${next.name || next.id}`)
        : found(WEB_API.account, `of ${next.name || next.id}, and the old one is of ${old.name || old.id}`, {
            remedy: 'see that senders, limits and what was stored are there too',
          }),
  )

export const guardsFor = ({ row }: Recipe): Guards => guardsOf(row.name, Object.values(WEB_API), [sandbox, account], factsSchema)

/** What the one call told is all there is: nothing more is asked, for calls are counted. */
export const sessionOn = ({ row }: Recipe, live: Live): Session => ({
  survey: async (context) => survey(row.name, live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})

async function survey(kind: string, { account: who, isSandbox, web, resource }: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  const unsaid = { unknown: 'the API does not tell' }
  const facts: WebApiFacts = {
    account: who === null || who.id === '' ? unsaid : { is: who },
    sandbox: isSandbox === null ? unsaid : { is: isSandbox },
  }
  // No key goes with it: it costs nothing, and is no call of the account. Once: the API may close the connection behind it.
  const started = asking.now
  const asked = await asking.ask((exchange) => web.ask({ method: 'HEAD', target: '/', headers: { host: hostHeader(resource) } }, exchange))
  return {
    kind,
    takenAt: new Date(context.today()).toISOString(),
    resource: who === null || who.id === '' ? unsaid : { is: `${kind} ${who.id}` },
    roundTripMs: 'is' in asked ? { is: asking.now - started } : asked,
    position: { unknown: 'a web API tells no position' },
    newest: { unknown: 'a web API has no column that tells its age' },
    facts,
  }
}
