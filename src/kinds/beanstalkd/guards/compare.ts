import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import { both, bytes, figure, firstLower, ofNext, type Sides, silenceOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { BeanstalkdFacts, Jobs, Tube } from './survey.ts'

export type BsSides = Sides<BeanstalkdFacts>

/** Whether it takes jobs. Who only takes them out is served by one that drains. Pure. */
export const draining = (sides: BsSides): Finding =>
  ofNext(
    COMPARED.draining,
    sides,
    (next) => next.draining,
    (drains) => {
      if (!drains) return passed(COMPARED.draining, 'it takes jobs')
      return found(COMPARED.draining, 'it drains: it gives jobs out, and takes none', {
        remedy: 'restart it, or name another one',
        severity: sides.comparison.expect === 'readable' ? 'warn' : 'error',
      })
    },
  )

/** Whether jobs would be left that nobody does. Where the old handle names a tube, its jobs alone are those of the app. */
export function leftBehind(sides: BsSides): Finding {
  const check = COMPARED.leftBehind
  const { old, next, comparison } = sides
  if (old === null) return unknown(check, silenceOf(comparison))
  if ('is' in old.id && 'is' in next.id && old.id.is === next.id.is && old.tube === next.tube) return passed(check, 'the very same server')
  if (old.tube !== null) return ofTube(sides, old, old.tube)
  if (!('is' in old.jobs)) return unknown(check, `the old one: ${old.jobs.unknown}`)
  const count = sum(old.jobs.is)
  if (count === 0) return passed(check, 'no job waits on the old one')
  return found(check, `${left(count)} on the old one: ${where(old, old.jobs.is)}`, { remedy: EMPTY_IT })
}

function ofTube({ next }: BsSides, old: BeanstalkdFacts, tube: string): Finding {
  const check = COMPARED.leftBehind
  if (!('is' in old.tubes)) return unknown(check, `the old one: ${old.tubes.unknown}`)
  if (!('is' in next.id)) return unknown(check, `whether it is another server is not known: ${next.id.unknown}`)
  const waiting = old.tubes.is.find(({ name }) => name === tube)
  const count = waiting === undefined ? 0 : sum(waiting.jobs)
  if (waiting === undefined || count === 0) return passed(check, `no job waits in ${tube} on the old one`)
  return found(check, `${left(count)} on the old one: ${figures(waiting)}`, { remedy: EMPTY_IT })
}

const EMPTY_IT = 'let its workers empty it first: kill -USR1 on the old server lets no new job in; kick or delete what is buried'

const left = (count: number): string => `${figure(count, 'job')} ${count === 1 ? 'is' : 'are'} left`

/** Tubes that are named with their figures. */
const TUBES_SHOWN = 5

/** By tube, the fullest first, as far as it was asked; by state where tubes were not told. */
function where({ tubes }: BeanstalkdFacts, all: Jobs): string {
  if (!('is' in tubes)) return states(all)
  const full = tubes.is.filter(({ jobs }) => sum(jobs) > 0).sort((a, b) => sum(b.jobs) - sum(a.jobs))
  const shown = full.slice(0, TUBES_SHOWN)
  const rest = sum(all) - shown.reduce((total, { jobs }) => total + sum(jobs), 0)
  return [...shown.map(figures), ...(rest > 0 ? [`${rest.toLocaleString('en-US')} in other tubes`] : [])].join('; ')
}

const figures = ({ name, jobs }: Tube): string => `${name} ${states(jobs)}`

const states = (jobs: Jobs): string =>
  Object.entries(jobs)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count.toLocaleString('en-US')} ${state}`)
    .join(', ')

const sum = ({ ready, reserved, delayed, buried }: Jobs): number => ready + reserved + delayed + buried

export const durable = (sides: BsSides): Finding =>
  both(
    COMPARED.durable,
    sides,
    (facts) => facts.durable,
    (old, next) => {
      const check = COMPARED.durable
      if (next) return passed(check, 'keeps a log of its jobs')
      if (!old) return passed(check, 'keeps no log of its jobs; nor does the old one')
      const { use } = sides.comparison
      return found(check, 'keeps no log of its jobs, and the old one does: a restart loses them', {
        remedy: 'start the new one with -b DIR',
        severity: use === 'queue' || use === 'store' ? 'error' : 'warn',
      })
    },
  )

export const jobSize = (sides: BsSides): Finding =>
  both(
    COMPARED.jobSize,
    sides,
    ({ jobMax }) => jobMax,
    (old, next) => {
      if (next >= old) return passed(COMPARED.jobSize, `jobs of ${bytes(next)} at most`)
      return found(COMPARED.jobSize, `jobs of ${bytes(next)} at most, where the old one takes ${bytes(old)}`, {
        remedy: `start the new one with -z ${old}`,
      })
    },
  )

export const version = (sides: BsSides): Finding =>
  both(
    COMPARED.version,
    sides,
    (facts) => facts.version,
    (old, next) => {
      const text = `beanstalkd ${next}, where the old one is ${old}`
      const lower = firstLower(old, next)
      if (lower === null) return passed(COMPARED.version, old === next ? `beanstalkd ${next} on both` : text)
      return found(COMPARED.version, text, { remedy: `name a server of version ${old} or newer`, severity: lower === 0 ? 'error' : 'warn' })
    },
  )

/** Workers follow the handle as the app does: before a swap nobody is there, which is worth knowing afterwards. */
export const tubes = (sides: BsSides): Finding =>
  both(
    COMPARED.tubes,
    sides,
    ({ workers }) => workers,
    (old, next) => {
      if (next > 0) return passed(COMPARED.tubes, `${figure(next, 'worker')} there`)
      if (old === 0) return passed(COMPARED.tubes, 'no worker there; nor on the old one')
      return found(
        COMPARED.tubes,
        `no worker there yet, and ${old.toLocaleString('en-US')} on the old one: jobs wait until they lead there too`,
        {
          remedy: 'restart the workers with the app',
        },
      )
    },
  )

export const identity = (sides: BsSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ id }) => id,
    (old, next) =>
      old === next
        ? found(COMPARED.identity, 'the very same server', { remedy: 'name another one, unless only the tube is to change' })
        : passed(COMPARED.identity, 'another server, with jobs of its own'),
  )
