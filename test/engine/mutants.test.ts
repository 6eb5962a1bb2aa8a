import { expect, test } from 'vitest'
import { explore } from './explore.ts'
import * as hooks from './hook-mutants.ts'
import * as mutants from './mutants.ts'
import { type Mutations, play, type Scenario } from './scenarios.ts'

const CAUGHT: readonly (readonly [what: string, name: Scenario, mutations: Mutations, faults: number, law: RegExp])[] = [
  ['looks before it claims', 'a writer, and recover', { second: mutants.looksBeforeClaim }, 0, /L[2-7]/],
  ['never claims', 'a writer, and recover', { second: mutants.neverClaims }, 0, /L[2-7]/],
  ['says reverted where nothing landed', 'a writer, and recover', { second: mutants.believesItLanded }, 0, /L7/],
  ['forgets that its write landed', 'a writer, and recover', { second: mutants.forgetsThatItLanded }, 1, /L[67]/],
  [
    'says "nothing changed" although its close was refused',
    'a writer to whom all goes well, and recover',
    { writer: mutants.closesRegardless },
    1,
    /L7/,
  ],
  ['calls a lost reply a refusal', 'a writer alone', { writer: mutants.callsLostRefused }, 1, /L[37]/],
  ['believes its write instead of reading back', 'a writer, and a hand edit of its key', { writer: mutants.trustsItsWrite }, 0, /L7/],
  ['guards the whole file', 'a writer, and a hand edit of another key', { store: mutants.guardsWholeFile(0) }, 0, /L5/],
  ['guards the whole file on the way back', 'a writer, and a hand edit of another key', { store: mutants.guardsWholeFile(1) }, 0, /L5/],
  ['does not guard the key', 'a writer, and a hand edit of its key', { store: mutants.guardsNoKey }, 0, /L4/],
  ['guards only the first key', 'a writer, and a hand edit of its second key', { store: mutants.guardsFirstKey }, 0, /L4/],
  ['looks at the first key only', 'a writer, and a hand edit of its second key', { writer: mutants.looksAtFirstKey }, 0, /L7/],
  ['writes its keys one by one', 'a writer alone', { writer: mutants.writesOneByOne }, 1, /L[13]/],
  ['does not guard by the journal', 'a writer, and recover', { store: mutants.ignoresClaims }, 0, /L[2-7]/],
  ['names values by their place alone', 'two polite writers', { store: mutants.namesValuesByPlace }, 0, /L8/],
  ['begins although its values were not kept', 'a writer alone', { writer: mutants.beginsRegardless }, 1, /L8/],
  ['does not hear a wish to stop', 'a writer alone', { writer: mutants.hearsNoStop }, 1, /L9/],
  ['cuts off its record at a wish to stop', 'a writer alone', { writer: mutants.cutsOffItsRecord }, 1, /L9/],
  ['stops the hook on the way back', 'a writer alone', { writer: hooks.stopsTheWayBack }, 1, /L9/],
  ['leaves when stopped after its write', 'a writer alone', { writer: hooks.saysStoppedRegardless }, 1, /L9/],
  ['says that the app settled and asked nobody', 'a writer, and recover', { second: hooks.settlesUnasked }, 0, /L[67]/],
  ['leaves the hook of a dead process running', 'a writer to whom all goes well, and recover', { orphans: 'leaves' }, 1, /L6/],
  [
    'leaves it running where it runs none itself',
    'a writer, and a hand that puts the old values back',
    { rescue: hooks.clearsForItsHook },
    1,
    /L6/,
  ],
  ['puts back and runs no hook', 'a writer alone', { writer: hooks.putsBackUnasked }, 0, /L6/],
  ['puts back and does not hear that the hook failed', 'a writer alone', { writer: hooks.believesTheWayBack }, 0, /L6/],
  ['takes a hook that failed for one that never ran', 'a writer alone', { writer: hooks.callsFailedSkipped }, 0, /L7/],
  ['takes a hook that was stopped for one that went well', 'a writer alone', { writer: hooks.callsStoppedSettled }, 1, /L6/],
  ['is never content with the app', 'a writer alone', { writer: hooks.neverContent }, 0, /L7/],
  ['tells every hook that the new values stand', 'a writer alone', { writer: hooks.tellsNew }, 0, /L10/],
  ['tells the hook of the release before', 'a writer alone', { writer: hooks.tellsTheReleaseBefore }, 0, /L10/],
  ['tells the hook of a release that did not come to be', 'a writer, and recover', { second: hooks.tellsTheReleaseThatFailed }, 0, /L10/],
  ['does not look for a release that never settled', 'a writer alone', { rescue: hooks.overlooksUnsettled }, 0, /L1/],
  ['runs the hook again and records nothing', 'a writer, and recover', { second: hooks.recordsNoSettling }, 0, /L[179]/],
]

test.each(CAUGHT)('the laws catch one that %s', async (_, name, mutations, faults, law) => {
  await expect(explore(faults, play(name, mutations))).rejects.toThrow(law)
})
