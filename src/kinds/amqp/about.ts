import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'RabbitMQ (AMQP 0-9-1), CloudAMQP, Amazon MQ for RabbitMQ',
  forms: [
    ['amqp://USER:PASSWORD@HOST:5672/VHOST', 'plain text; without a port 5672, without a vhost /'],
    ['amqps://USER:PASSWORD@HOST:5671/VHOST', 'TLS; without a port 5671'],
    ['amqp://USER:PASSWORD@HOST/%2F', 'the vhost / by its name; /shop%2Feu is the vhost shop/eu'],
    ['amqp://USER:PASSWORD@HOST/', 'by the letter a vhost without a name; read as the vhost /, as clients do, and remarked on'],
    ['amqp://HOST', 'the user guest with its password, as clients take it, and remarked on'],
    ['amqps://HOST?auth_mechanism=external&certfile=…&keyfile=…', 'the certificate of the client is the login'],
    [
      '…?heartbeat=30&connection_timeout=10000&channel_max=100&frame_max=131072',
      'numbers for the client of the app; the probe has its own',
    ],
  ],
  tls: [
    ['amqps', 'the chain and the host name are checked'],
    ['verify=verify_peer', 'the same, in words'],
    ['verify=verify_none', 'encrypted, and nobody checks who is at the other end'],
    ['cacertfile, certfile, keyfile', 'the authority, and the certificate and key of the client; without keyfile the certfile holds both'],
    ['server_name_indication=NAME', 'the name that is asked for and checked instead of the host'],
    ['server_name_indication=disable', 'the chain is checked, and the host name is not'],
    ['fail_if_no_peer_cert', 'a word for servers: it changes nothing'],
  ],
  probed: [
    'the protocol: what answers speaks AMQP 0-9-1',
    'the login, and the vhost',
    'whether a publisher gets on: one message is published with confirms to the default exchange under a random name that no queue has; the broker drops it and confirms, and a broker with a disk or memory alarm says that it blocks',
  ],
  notProbed: [
    'whether the user may declare, bind or consume: RabbitMQ tells only by doing it',
    'whether the user may write where the app does: where it may not write to amq.default, only that no alarm is set is told',
    'the message of the probe is counted by the broker as published; a provider that bills by messages counts it too',
    'a broker that blocks keeps the connection of the probe listed as blocked until its next heartbeat fails, half a minute at most',
    'queues, bindings, policies and what waits are told by the management API alone, with the same user: ten thousand above the port of AMQP (15672, 15671), at 443 of CloudAMQP and Amazon MQ; without it they are unknown',
    'two clusters that were given one name are taken for one, unless an administrator asks both management APIs',
    'federation, shovels, operator policies and the other nodes of a cluster',
    'several hosts in one handle: name one',
    'streams: what they keep is counted like waiting messages',
  ],
  notRunHere: [
    'RabbitMQ 4, LavinMQ and brokers of other makers: the tests run 3.10; surveys written by hand stand in for the step from 3 to 4',
    'CloudAMQP and Amazon MQ: their hosts are recognised, and nothing of them was asked',
    'AMQP 1.0: its eight first bytes are told apart from a liar',
  ],
}
