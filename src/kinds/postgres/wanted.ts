import { Failed } from '../probing.ts'
import type { Wanted } from './hosts.ts'

/** What a server told of itself. */
export interface Standing {
  readonly recovering: boolean
  /** Transactions are read-only unless they say otherwise. */
  readonly readOnly: boolean
}

type Why = 'is a standby' | 'is read-only by default' | 'takes writes' | 'is no standby'

/** The session is another one than the handle asks for. */
export class Unmet extends Failed {
  readonly why: Why

  constructor(wanted: Wanted, why: Why) {
    super({
      failedAt: 'use',
      // A standby may be promoted any moment; the rest stays until somebody acts.
      class: why === 'is a standby' ? 'transient' : 'permanent',
      code: 'target-session-attrs',
      reason: `the server ${why}, and the handle asks for target_session_attrs=${wanted}`,
      hint: HINTS[why],
    })
    this.why = why
  }
}

const HINTS: Readonly<Record<Why, string>> = {
  'is a standby': 'promote it, or name the primary',
  'is read-only by default': 'ALTER ROLE … RESET default_transaction_read_only, or name a server that takes writes',
  'takes writes': 'name a standby, or say target_session_attrs=any',
  'is no standby': 'name a standby, or say target_session_attrs=any',
}

/** Why a session will not do. Null: it does. `prefer-standby` is a standby here; whoever asks takes any other one afterwards. */
export function unmet(wanted: Wanted, standing: Standing): Unmet | null {
  const why = whyNot(wanted, standing)
  return why === null ? null : new Unmet(wanted, why)
}

function whyNot(wanted: Wanted, { recovering, readOnly }: Standing): Why | null {
  switch (wanted) {
    case 'any':
      return null
    case 'read-write':
      if (recovering) return 'is a standby'
      return readOnly ? 'is read-only by default' : null
    case 'primary':
      return recovering ? 'is a standby' : null
    case 'read-only':
      return recovering || readOnly ? null : 'takes writes'
    case 'standby':
    case 'prefer-standby':
      return recovering ? null : 'is no standby'
  }
}
