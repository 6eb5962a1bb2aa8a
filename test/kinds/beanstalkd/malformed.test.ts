import { describe, vi } from 'vitest'
import beanstalkd from '../../../src/kinds/beanstalkd/beanstalkd.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle contacted something')
  },
}))
vi.mock('node:dns', async (original) => ({
  ...(await original<object>()),
  lookup: contact,
  resolve: contact,
  resolve4: contact,
  resolve6: contact,
}))
vi.mock('node:dns/promises', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact }))
vi.mock('node:net', async (original) => ({ ...(await original<object>()), connect: contact, createConnection: contact }))
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), connect: contact }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), readFile: contact, open: contact }))

describe('malformed handles of beanstalkd', () => {
  describeMalformed(beanstalkd, [
    ['', 'is empty'],
    ['beanstalkd://', 'names no host'],
    ['beanstalkd:///tube', 'names no host'],
    ['beanstalkd://:11300', 'has a port and no host'],
    ['queue:11300', 'has no scheme'],
    ['queue', 'has no scheme'],
    ['beanstalkd:queue:11300', 'has no // after its scheme'],
    ['beanstalk:/queue', 'has no // after its scheme'],
    ['//queue:11300', 'begins without a scheme'],
    ['redis://queue', 'has another scheme than beanstalkd, beanstalk'],
    ['BEANSTALKD_URL=beanstalkd://queue', 'begins with the name of a variable'],
    ['{"host":"queue"}', 'is JSON'],
    ['"beanstalkd://queue"', 'stands in quotes'],
    ['beanstalkd://queue\n', 'ends with a line break'],
    [' beanstalkd://queue', 'begins or ends with a blank'],
    ['beanstalkd://que\u2060ue', 'has an invisible character in it'],
    ['beanstalkd://que ue', 'has a space in it'],
    [`beanstalkd://${P}@queue`, 'has a user or a password, and beanstalkd has no login'],
    [`beanstalkd://:${P}@queue`, 'has a user or a password, and beanstalkd has no login'],
    [`beanstalkd://u:${P}@queue:11300`, 'has a user or a password, and beanstalkd has no login'],
    [`beanstalkd://u:${P}@${P}@queue`, 'has an unencoded @ in its user or password'],
    [`beanstalkd://u:${P}/@queue`, 'has an unencoded / in its user or password'],
    ['beanstalkd://queue#x', 'has an unencoded #'],
    ['beanstalkd://queue:0', 'has a port outside 1 to 65535'],
    ['beanstalkd://queue:65536', 'has a port outside 1 to 65535'],
    ['beanstalkd://queue:x', 'has a port that is not a number'],
    ['beanstalkd://queue:', 'has nothing after the : of its host'],
    ['beanstalkd://q1,q2', 'names several hosts; one host only'],
    ['beanstalkd://::1', 'has more than one : in its host'],
    ['beanstalkd://[::1', 'has a broken IPv6 address'],
    ['beanstalkd://-queue', 'has a host that is no host name'],
    ['beanstalkd://%2Frun%2Fb.sock', 'has a path where the host stands'],
    ['beanstalkd://queue/mails', 'has a path behind its host, where beanstalkd has nothing'],
    ['beanstalkd://queue?tube=-mails', 'has a tube that beanstalkd would not take'],
    ['beanstalkd://queue?tube=', 'has a tube that beanstalkd would not take'],
    ['beanstalkd://queue?tube=my%20mails', 'has a tube that beanstalkd would not take'],
    [`beanstalkd://queue?tube=${'x'.repeat(201)}`, 'has a tube that beanstalkd would not take'],
    ['beanstalkd://queue?tube=a%0d%0aquit', 'has a tube that beanstalkd would not take'],
    ['beanstalkd://queue?tube', 'has a part of its query without ='],
    ['beanstalkd://queue?ssl=true', /^the handle asks about TLS in words that this kind does not have/],
  ])
})
