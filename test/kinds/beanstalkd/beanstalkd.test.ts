import beanstalkd from '../../../src/kinds/beanstalkd/beanstalkd.ts'
import { describeKind } from '../../conformance/kind.ts'
import { haveBeanstalkd, startBeanstalkd } from '../../support/beanstalkd.ts'

describeKind({
  kind: beanstalkd,
  valid: [
    ['beanstalkd://queue', { host: 'queue', port: 11_300, tls: 'disable' }],
    ['beanstalk://queue:11301/', { scheme: 'beanstalk', port: 11_301 }],
    ['BEANSTALKD://Queue?tube=e-mails', { host: 'queue', name: 'e-mails' }],
    ['beanstalkd://[::1]:1', { host: '::1', port: 1 }],
    ['beanstalkd://bücher.example', { host: 'xn--bcher-kva.example' }],
    ['beanstalkd://jobs.internal?tube=a%2Fb;c$d_(e)+.f', { name: 'a/b;c$d_(e)+.f' }],
  ],
  invalid: ['beanstalkd://', 'redis://h', 'beanstalkd://h:99999', 'beanstalkd://h/tube', 'beanstalkd://u@h', ''],
  variables: [
    [{ host: 'queue' }, { host: 'queue', port: 11_300 }],
    [{ host: 'queue', port: '11301' }, { port: 11_301 }],
    [{ host: '::1', port: '11301' }, { host: '::1' }],
  ],
  at: (host, port) => `beanstalkd://${host}:${port}`,
  tlsAt: null,
  protocol: 'beanstalkd',
  secret: 'none',
  greeting: 'OK 957\r\n---\ncurrent-jobs-urgent: 0\n',
  flood: { first: 'OK 60000000\r\n', chunk: 'x'.repeat(64 * 1024) },
  refusal: null, // Its errors are words alone.
  lacks: ['replica', 'login', 'database', 'permission', 'tls'],
  live: haveBeanstalkd()
    ? async () => {
        const server = await startBeanstalkd()
        return { good: server.url(), [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
      }
    : null,
})
