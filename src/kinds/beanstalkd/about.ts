import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'beanstalkd',
  forms: [
    ['beanstalkd://HOST', 'a server, port 11300'],
    ['beanstalkd://HOST:11300?tube=NAME', 'the same, and the tube that the app uses: its jobs alone are those that may be left behind'],
    ['beanstalk://HOST', 'the same as beanstalkd://'],
    ['BEANSTALKD_HOST, BEANSTALKD_PORT', 'host and port; BEANSTALK_HOST and BEANSTALK_PORT likewise'],
  ],
  tls: [['beanstalkd, beanstalk', 'plain text: beanstalkd has no TLS; a tunnel in front of it is reached as a host of its own']],
  probed: ['stats', 'list-tubes'],
  notProbed: [
    'a login: beanstalkd has none, so whoever reaches it may do everything',
    'that a job can be put: none is put; a server that drains says so by itself since version 1.12',
    'a tube that is not there: beanstalkd makes it when it is first used',
    'more than 200 tubes one by one: the sum over all is known without them',
    'unix sockets, which few clients know',
  ],
  notRunHere: ['servers older or newer than the installed one'],
}
