import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { both } from '../../../comparing.ts'
import { counted, first } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlFacts, MySqlSides } from '../sides.ts'

/** Pure. */
export const events = (sides: MySqlSides): Finding => {
  const check = COMPARED.events
  const [ours, theirs] = [sides.old === null ? null : runsEvents(sides.old), runsEvents(sides.next)]
  return both(
    check,
    sides,
    ({ content }) => content.things.events,
    (old, next) => {
      const [before, after] = [old, next].map((all) => all.filter(({ shape }) => shape === 'ENABLED').map(({ name }) => name))
      if (before?.length === 0 && after?.length === 0) return passed(check, 'neither has an event that runs')
      if (ours === null || theirs === null) return unknown(check, 'whether events run is not told (event_scheduler)')
      const twice = ours && theirs ? (after ?? []).filter((name) => before?.includes(name)) : []
      if (twice.length > 0)
        return found(check, `${counted(twice.length, 'event')} run on both at once: ${first(twice)}`, {
          remedy: 'on the old one: SET GLOBAL event_scheduler = OFF',
        })
      if (ours && !theirs && (before ?? []).length > 0)
        return found(check, `${counted((before ?? []).length, 'event')} of the old one would run no more: event_scheduler is off`, {
          remedy: 'on the new one: SET GLOBAL event_scheduler = ON',
        })
      return passed(check, 'no event runs twice, and none is lost')
    },
  )
}

/** Null: it does not tell. */
function runsEvents({ server }: MySqlFacts): boolean | null {
  const value = told(server.variables)?.['event_scheduler']
  return value === undefined ? null : /^(1|ON)$/i.test(value)
}
