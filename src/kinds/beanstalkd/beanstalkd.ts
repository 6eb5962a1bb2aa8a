import type { Kind } from '../../ports/kind.ts'
import { composeBeanstalkd, decomposeBeanstalkd, replacePartsOfBeanstalkd } from './compose.ts'
import { BEANSTALKD_SCHEMES, type Beanstalkd, identifyBeanstalkd, parseBeanstalkd, traitsOfBeanstalkd } from './handle.ts'

/** beanstalkd, a work queue without a login and without TLS. https://github.com/beanstalkd/beanstalkd/blob/master/doc/protocol.txt */
export const beanstalkd: Kind<Beanstalkd> = {
  name: 'beanstalkd',
  schemes: BEANSTALKD_SCHEMES,
  usualKey: 'BEANSTALKD_URL',
  depth: 'use',
  parse: parseBeanstalkd,
  identify: identifyBeanstalkd,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfBeanstalkd,
  probe: async (resource, context) => (await import('./probe.ts')).probeBeanstalkd(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openBeanstalkd(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts: replacePartsOfBeanstalkd,
  compose: composeBeanstalkd,
  decompose: decomposeBeanstalkd,
}

export default beanstalkd
