import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { edited } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, Kind } from '../../ports/kind.ts'
import { partEdits } from '../parts.ts'
import { composeSmtp, decomposeSmtp } from './compose.ts'
import { identifySmtp, parseSmtp, SMTP_GRAMMAR, SMTP_SCHEMES, type Smtp, traitsOfSmtp } from './handle.ts'

/** Any server that takes mail from an app: Postfix, Postmark, Amazon SES. https://www.rfc-editor.org/rfc/rfc5321 */
export const smtp: Kind<Smtp> = {
  name: 'smtp',
  schemes: SMTP_SCHEMES,
  usualKey: 'SMTP_URL',
  depth: 'use',
  parse: parseSmtp,
  identify: identifySmtp,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfSmtp,
  probe: async (resource, context) => (await import('./probe.ts')).probeSmtp(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openSmtp(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  compose: composeSmtp,
  decompose: decomposeSmtp,
  replaceParts,
}

export default smtp

function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, SMTP_GRAMMAR)
  if (name !== undefined) throw invalid('leads to a mail server, which has no database', 'leave --name out')
  const next = new Secret(edited(text, partEdits(split, { host, port, user, password })))
  parseSmtp(next)
  return next
}
