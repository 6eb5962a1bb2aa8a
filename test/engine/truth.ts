import { isOvertaken, mayBe } from './app.ts'
import { afters, befores, type End, equal, type Fact, type Hook, isEdit, type Recalled, type Texts, type Told } from './facts.ts'
import { show } from './names.ts'

export function must(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Error(law)
}

/** L7: what a command said about the deploy was so. `past` is what had happened by then, `all` what ever did. */
export function truth(end: End, past: readonly Fact[], all: readonly Fact[], told: readonly Told[]): void {
  const law = `L7 ${end.by} said ${end.said} (${end.effect}):`
  const record = told.find(({ close }) => close.seq === end.close?.seq)
  must(show(record?.close ?? null) === show(end.close), `${law} but the journal says ${show(record?.close)}`)
  if (record === undefined) {
    must(end.effect === 'none' || end.effect === 'unknown', `${law} but the journal does not`)
    if (end.effect === 'none') untouched(law, end, all, told)
    return
  }
  const { close } = record
  if (close.verdict === 'kept' || close.settled === undefined) {
    untouched(law, end, all, told)
    return
  }
  settling(law, { ...end, close }, past, all)
  if (close.verdict === 'aborted') must(!all.some(({ did, by }) => did === 'write' && by === end.by), `${law} but it wrote`)
  else standing(law, end, past, record)
}

/** It changed nothing, neither the config nor what the app runs on, and never will. */
function untouched(law: string, { by }: End, all: readonly Fact[], told: readonly Told[]): void {
  must(!all.some((fact) => fact.did === 'hook' && fact.by === by), `${law} but it ran the hook, then or later`)
  must(
    all.every((fact, at) => fact.did !== 'write' || fact.by !== by || undoneByHand(fact.before, all.slice(at))),
    `${law} but it wrote, then or later`,
  )
  const own = told.filter(({ intent }) => intent.by.user === by)
  must(
    own.every(({ close: { verdict } }) => verdict === 'aborted' || verdict === 'kept'),
    `${law} but the journal says that it changed something`,
  )
}

/** What its close says of the app: `yes` is proved, `no` has a reason, `skipped` ran nothing. */
function settling(law: string, { by, close, holds }: End, past: readonly Fact[], all: readonly Fact[]): void {
  const settled = close?.verdict === 'kept' ? undefined : close?.settled
  const hook = past.findLastIndex((fact) => fact.did === 'hook' && fact.by === by)
  const ran = past[hook]
  const says = ran?.did === 'hook' ? ran.says : null
  const write = past.findLastIndex(({ did }) => did === 'write')
  switch (settled) {
    case 'yes': {
      must(hook > write, `${law} but it ran no hook after the write`)
      must(says === 'yes', `${law} but the app did not settle`)
      for (const { values, at } of mayBe(past).runOn)
        must(
          equal(values, holds) || past.slice(at + 1).some(isEdit),
          `${law} but the app may run on ${show(values)} and the keys hold ${show(holds)}`,
        )
      return
    }
    case 'no': {
      const stopped = past.some(({ did, by: who }) => did === 'interrupt' && who === by)
      must((says === 'no' && hook > write) || stopped, `${law} but the app settled, and nobody asked to stop`)
      return
    }
    case 'skipped':
      must(!all.some((fact) => fact.did === 'hook' && fact.by === by), `${law} but it ran the hook, then or later`)
      return
    case undefined:
  }
}

/** Its change stands, or was put back, and the app that settled runs on that. */
function standing(law: string, { by, holds }: End, past: readonly Fact[], { before, after, close }: Told): void {
  const stands = close.verdict === 'committed' ? after : before
  const steps = past.filter((fact) => fact.did === 'write' || isEdit(fact))
  const there = steps.findLastIndex((fact) => fact.did === 'write' && equal(fact.after, after) && equal(fact.before, before))
  must(there >= 0, `${law} but its change was never written`)
  const since = steps.slice(there + 1).filter(({ did }) => did === 'write')
  if (close.verdict === 'committed') must(since.length === 0, `${law} but it was written over`)
  else
    must(
      since.every((fact) => fact.did === 'write' && equal(fact.after, before)),
      `${law} but it was not put back`,
    )
  must(equal(stands, holds) || steps.slice(there).some(isEdit), `${law} but the keys hold ${show(holds)}`)
  const hook = past.findLast((fact) => fact.did === 'hook' && fact.by === by)
  if (hook?.did !== 'hook' || hook.says !== 'yes') return
  must(equal(stands, hook.read), `${law} but the app took ${show(hook.read)}`)
}

/** A person who writes exactly the old values cannot be told from a write that never landed. */
const undoneByHand = (before: Texts, since: readonly Fact[]): boolean =>
  since.some((fact) => fact.did === 'edit' && equal(before, fact.values))

/** L10: the hook is told which values stand, and the number of their release. One that was taken over cannot know. */
export function round(hook: Hook, past: readonly Fact[], recalled: readonly Recalled[]): void {
  const { by, of, stands, release, read, head } = hook
  if (isOvertaken(hook)) return
  const law = `L10 the hook of ${by} was told that v${release} stands, ${stands}:`
  const changes = recalled.find(({ intent }) => intent.seq === of)?.changes
  must(changes !== undefined, `${law} but there is no operation ${of}`)
  const due = stands === 'new' ? head.release + 1 : head.release
  must(release === due, `${law} but v${due} does`)
  must((stands === 'standing') === (changes.length === 0), `${law} but its operation changes ${changes.length} keys`)
  const expected = stands === 'new' ? afters(changes) : befores(changes)
  must(equal(expected, read) || past.some(isEdit), `${law} but the config holds ${show(read)}`)
}
