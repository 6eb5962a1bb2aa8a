import { BULL_AND_LARAVEL_TELLING, bullSuspects, laravelSuspects } from './bull-and-laravel.ts'
import { isPythonList, PYTHON_LISTS, PYTHON_TELLING, pythonMembers, pythonSuspects } from './python.ts'
import { isRubyList, RUBY_LISTS, RUBY_TELLING, rubyMembers, rubySuspects } from './ruby.ts'
import type { Framework, Suspect } from './suspect.ts'

/** Whether some framework writes a key of that name. */
export const isTelling = (key: string): boolean => [RUBY_TELLING, PYTHON_TELLING, BULL_AND_LARAVEL_TELLING].some((form) => form.test(key))

/** Sets with the names of queues: those of the usual names, and those among some names of keys. */
export const listsIn = (keys: readonly string[]): readonly string[] => [
  ...new Set([...RUBY_LISTS, ...PYTHON_LISTS, ...keys.filter((key) => isRubyList(key) || isPythonList(key))]),
]

/** The queues that a set tells. */
export const membersAsQueues = (list: string, members: readonly string[]): readonly Suspect[] =>
  isPythonList(list) ? pythonMembers(list, members) : rubyMembers(list, members)

/** The queues among some names of keys. */
export const suspectsIn = (keys: readonly string[]): readonly Suspect[] => [
  ...rubySuspects(keys),
  ...pythonSuspects(keys),
  ...bullSuspects(keys),
  ...laravelSuspects(keys),
]

/** What names of keys give away even where nothing waits. */
const SIGNS: readonly (readonly [Framework, RegExp])[] = [
  ['BullMQ', /^\{?bull\}?:[^:]+:(meta|id)$/],
  ['Dramatiq', /^dramatiq:[^:]+\.msgs$|:__heartbeats__$/],
  ['Laravel', /queues:[^:]+:(delayed|reserved|notify)$/],
]

/** `lists`: sets that are not empty. */
export const frameworksIn = (keys: readonly string[], lists: readonly string[]): readonly Framework[] => [
  ...SIGNS.flatMap(([framework, sign]) => (keys.some((key) => sign.test(key)) ? [framework] : [])),
  ...lists.map(
    (list): Framework => (isRubyList(list) && !isPythonList(list) ? 'Sidekiq or Resque' : list === 'rq:queues' ? 'RQ' : 'Celery'),
  ),
]
