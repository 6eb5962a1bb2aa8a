import { KINDS } from '../../../src/kinds/registry.ts'

/** `postgres, redis or opaque` */
const anyKind = KINDS.map(({ name }) => name)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ')
/** A deploy with a config, to be gone on with. */
export const PRODUCTION = 'deploys:\n  production:\n    config: .env.production\n'

const deploy = (line: string): string => `${PRODUCTION}    ${line}\n`

/** Wrong files, and what is said of each behind `attach.yaml:`. */
export const WRONG: readonly (readonly [title: string, text: string, sentence: string])[] = [
  ['an empty file', '', '1:1: expected a mapping with deploys, found nothing'],
  ['comments only', '# nothing\n\n', '1:1: expected a mapping with deploys, found nothing'],
  ['a text', 'production\n', '1:1: expected a mapping with deploys, found a text'],
  ['a list', '- production\n', '1:1: expected a mapping with deploys, found a list'],
  ['a number', '42\n', '1:1: expected a mapping with deploys, found a number'],
  ['an empty mapping', '{}\n', '1:1: deploys is missing: expected a mapping of names to deploys'],
  ['no deploys', 'default: production\n', '1:1: deploys is missing: expected a mapping of names to deploys'],
  ['deploys that are nothing', 'deploys:\n', '1:9: deploys: expected a mapping of names to deploys, found nothing'],
  ['deploys that are a list', 'deploys: [production]\n', '1:10: deploys: expected a mapping of names to deploys, found a list'],
  ['deploys that are none', 'deploys: {}\n', '1:10: deploys: expected at least one deploy, found an empty mapping'],
  [
    'a mistyped key at the top',
    'defualt: production\ndeploys:\n  production:\n    config: .env.production\n',
    '1:1: defualt is not known; did you mean "default"?',
  ],
  [
    'a key at the top that is like none',
    'version: 3\ndeploys:\n  production:\n    config: .env.production\n',
    '1:1: the file has a key that is not known here',
  ],
  [
    'a mistyped key of a deploy',
    `${PRODUCTION}    protected: true\n    hook: [app, reload]\n\n    protcted: true\n`,
    '7:5: deploys.production.protcted is not known; did you mean "protected"?',
  ],
  [
    'a mistyped required key',
    'deploys:\n  production:\n    confg: .env\n',
    '3:5: deploys.production.confg is not known; did you mean "config"?',
  ],
  ['a key of a deploy that is like none', deploy('hunter2secret: x'), '4:5: deploys.production has a key that is not known here'],
  [
    'a key that begins with a known one and goes on',
    deploy('protected-by-hunter2secret: x'),
    '4:5: deploys.production has a key that is not known here',
  ],
  ['a key in the case of others', deploy('onFailure: keep'), '4:5: deploys.production.onFailure is not known; did you mean "on-failure"?'],
  ['a deploy that is nothing', 'deploys:\n  production:\n', '2:14: deploys.production: expected a mapping with config, found nothing'],
  [
    'a deploy that is a text',
    'deploys:\n  production: .env.production\n',
    '2:15: deploys.production: expected a mapping with config, found a text',
  ],
  [
    'a deploy without a config',
    'deploys:\n  production:\n    protected: true\n',
    '2:3: deploys.production.config is missing: expected the path of a .env file',
  ],
  ['a deploy whose name is a number', 'deploys:\n  42: { config: .env }\n', '2:3: a key that is no text'],
  [
    'a deploy whose name is no name',
    'deploys:\n  "a b": { config: .env }\n',
    '2:3: deploys.<key>: expected a name of letters, digits, ".", "_" and "-"',
  ],
  [
    'a deploy whose name is a path',
    'deploys:\n  ../prod: { config: .env }\n',
    '2:3: deploys.<key>: expected a name of letters, digits, ".", "_" and "-"',
  ],
  [
    'a deploy whose name is empty',
    'deploys:\n  "": { config: .env }\n',
    '2:3: deploys.<key>: expected a name of letters, digits, ".", "_" and "-"',
  ],
  ['a deploy called __proto__', 'deploys:\n  __proto__: { config: .env }\n', '2:3: a key that no variable and no deploy can have'],
  [
    'a config that is a number',
    'deploys: { production: { config: 3 } }\n',
    '1:34: deploys.production.config: expected the path of a .env file, found a number',
  ],
  [
    'a config that is nothing',
    'deploys: { production: { config: } }\n',
    '1:34: deploys.production.config: expected the path of a .env file, found nothing',
  ],
  [
    'a config that is ~',
    'deploys: { production: { config: ~ } }\n',
    '1:34: deploys.production.config: expected the path of a .env file, found nothing',
  ],
  [
    'a config that is empty',
    'deploys: { production: { config: "" } }\n',
    '1:34: deploys.production.config: expected the path of a .env file, found an empty text',
  ],
  [
    'a config in another store',
    'deploys: { production: { config: etcd://app:hunter2secret@etcd/app } }\n',
    '1:34: deploys.production.config: expected a path: attach speaks no other config store',
  ],
  ['a config with a NUL', 'deploys: { production: { config: "a\\0b" } }\n', '1:34: a text with a NUL character'],
  ['protected: yes', deploy('protected: yes'), '4:16: deploys.production.protected: expected true or false, found the text "yes"'],
  ['protected: "true"', deploy('protected: "true"'), '4:16: deploys.production.protected: expected true or false, found the text "true"'],
  ['protected: 1', deploy('protected: 1'), '4:16: deploys.production.protected: expected true or false, found a number'],
  ['protected: some text', deploy('protected: hunter2secret'), '4:16: deploys.production.protected: expected true or false, found a text'],
  ['protected: nothing', deploy('protected:'), '4:15: deploys.production.protected: expected true or false, found nothing'],
  ['readers that are a text', deploy('readers: dotenv'), '4:14: deploys.production.readers: expected a list of readers, found a text'],
  [
    'a reader that is mistyped',
    deploy('readers: [dotenv, compsoe]'),
    '4:23: deploys.production.readers[1]: expected the name of a reader, found another text; did you mean "compose"?',
  ],
  [
    'a reader that is a number',
    deploy('readers: [1]'),
    '4:15: deploys.production.readers[0]: expected the name of a reader, found a number',
  ],
  [
    'a hook that is nothing',
    deploy('hook:'),
    '4:10: deploys.production.hook: expected a list of words, a command line, or { run, timeout }, found nothing',
  ],
  [
    'a hook that is true',
    deploy('hook: true'),
    '4:11: deploys.production.hook: expected a list of words, a command line, or { run, timeout }, found true',
  ],
  ['a hook that is blank', deploy('hook: "  "'), '4:11: deploys.production.hook: a blank text: expected a command line'],
  ['a hook of no words', deploy('hook: []'), '4:11: deploys.production.hook: expected at least one word, found an empty list'],
  [
    'a hook whose program is empty',
    deploy('hook: ["", restart]'),
    '4:11: deploys.production.hook: the first word is blank: expected the name of a program',
  ],
  [
    'a hook with a number among its words',
    deploy('hook: [kill, -9, app]'),
    '4:18: deploys.production.hook[1]: expected a word, in quotes where it looks like a number, found a number',
  ],
  [
    'a hook with a list among its words',
    deploy('hook: [sh, [-c]]'),
    '4:16: deploys.production.hook[1]: expected a word, in quotes where it looks like a number, found a list',
  ],
  [
    'a hook without run',
    deploy('hook: { timeout: 5s }'),
    '4:5: deploys.production.hook.run is missing: expected a list of words, or a command line',
  ],
  [
    'a hook with a mistyped timeout',
    deploy('hook: { run: reload, timout: 5s }'),
    '4:26: deploys.production.hook.timout is not known; did you mean "timeout"?',
  ],
  [
    'a hook with a run that is a mapping',
    deploy('hook: { run: { cmd: reload } }'),
    '4:18: deploys.production.hook.run: expected a list of words, or a command line, found a mapping',
  ],
  [
    'a hook with a time of no unit that is known',
    deploy('hook: { run: reload, timeout: 5h }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another text',
  ],
  [
    'a hook with a time of 0',
    deploy('hook: { run: reload, timeout: 0 }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another number',
  ],
  [
    'a hook with a time of 0 seconds',
    deploy('hook: { run: reload, timeout: 0s }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another text',
  ],
  [
    'a hook with a time below 0',
    deploy('hook: { run: reload, timeout: -5 }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another number',
  ],
  [
    'a hook with half a second',
    deploy('hook: { run: reload, timeout: 0.5 }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found a number',
  ],
  [
    'a hook with more than a day',
    deploy('hook: { run: reload, timeout: 1441m }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another text',
  ],
  [
    'a hook with more than a day of seconds',
    deploy('hook: { run: reload, timeout: 86401 }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another number',
  ],
  [
    'a hook with a time that is a list',
    deploy('hook: { run: reload, timeout: [5] }'),
    '4:35: deploys.production.hook.timeout: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found a list',
  ],
  [
    'health that is a text',
    deploy('health: http://127.0.0.1/'),
    '4:13: deploys.production.health: expected a mapping with url or run, found a text',
  ],
  ['health that is nothing', deploy('health:'), '4:12: deploys.production.health: expected a mapping with url or run, found nothing'],
  ['health of nothing', deploy('health: {}'), '4:13: deploys.production.health: needs one of url and run'],
  [
    'health with both',
    deploy('health: { url: http://127.0.0.1/, run: check }'),
    '4:13: deploys.production.health: needs one of url and run',
  ],
  [
    'health with a mistyped url',
    deploy('health: { urll: http://127.0.0.1/ }'),
    '4:15: deploys.production.health.urll is not known; did you mean "url"?',
  ],
  [
    'health by another scheme',
    deploy('health: { url: ftp://127.0.0.1/ }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by a host alone',
    deploy('health: { url: 127.0.0.1:8080 }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by an address without a host',
    deploy('health: { url: http:///healthz }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by an address with a password',
    deploy('health: { url: "http://app:hunter2secret@127.0.0.1/" }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by an address with a user',
    deploy('health: { url: "http://hunter2secret@127.0.0.1/" }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by an address with a token',
    deploy('health: { url: "http://127.0.0.1/?token=hunter2secret" }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health by an address with a blank',
    deploy('health: { url: "http://127.0.0.1/a b" }'),
    '4:20: deploys.production.health.url: expected an http or https address without a user, a password or a token, found another text',
  ],
  [
    'health with a status that is none',
    deploy('health: { url: http://127.0.0.1/, status: 99 }'),
    '4:47: deploys.production.health.status: expected a whole number from 100 to 599, found another number',
  ],
  [
    'health with a status that is a text',
    deploy('health: { url: http://127.0.0.1/, status: ok }'),
    '4:47: deploys.production.health.status: expected a whole number from 100 to 599, found a text',
  ],
  [
    'health with a status that is no whole number',
    deploy('health: { url: http://127.0.0.1/, status: 200.5 }'),
    '4:47: deploys.production.health.status: expected a whole number from 100 to 599, found a number',
  ],
  [
    'health with an empty body',
    deploy('health: { url: http://127.0.0.1/, body: "" }'),
    '4:45: deploys.production.health.body: an empty text: every answer holds it',
  ],
  [
    'health with a body that is true',
    deploy('health: { url: http://127.0.0.1/, body: true }'),
    '4:45: deploys.production.health.body: expected a text, found true',
  ],
  [
    'health with a status for a command',
    deploy('health: { run: check, status: 200 }'),
    '4:35: deploys.production.health.status: goes with url, not with run',
  ],
  [
    'health with a body for a command',
    deploy('health: { run: check, body: ok }'),
    '4:33: deploys.production.health.body: goes with url, not with run',
  ],
  [
    'health with no successes',
    deploy('health: { run: check, successes: 0 }'),
    '4:38: deploys.production.health.successes: expected a whole number from 1 to 1000, found another number',
  ],
  [
    'health with too many successes',
    deploy('health: { run: check, successes: 1001 }'),
    '4:38: deploys.production.health.successes: expected a whole number from 1 to 1000, found another number',
  ],
  [
    'health with an interval of 0',
    deploy('health: { run: check, interval: 0ms }'),
    '4:37: deploys.production.health.interval: expected a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds, found another text',
  ],
  [
    'health that cannot be',
    deploy('health: { run: check, successes: 10, interval: 10s, timeout: 60s }'),
    '4:13: deploys.production.health: can never be well: so many successes so far apart take longer than its timeout',
  ],
  [
    'on-failure that is mistyped',
    deploy('on-failure: revrt'),
    '4:17: deploys.production.on-failure: expected revert or keep, found another text; did you mean "revert"?',
  ],
  ['on-failure that is a number', deploy('on-failure: 1'), '4:17: deploys.production.on-failure: expected revert or keep, found a number'],
  [
    'resources that are a list',
    `${PRODUCTION}resources: [DATABASE_URL]\n`,
    '4:12: resources: expected a mapping of keys to what is known of them, found a list',
  ],
  [
    'a resource that is a text',
    `${PRODUCTION}resources: { DATABASE_URL: postgres }\n`,
    '4:28: resources.DATABASE_URL: expected a mapping with kind, expect, use, variables or guards, found a text',
  ],
  [
    'a resource that is nothing',
    `${PRODUCTION}resources:\n  DATABASE_URL:\n`,
    '5:16: resources.DATABASE_URL: expected a mapping with kind, expect, use, variables or guards, found nothing',
  ],
  [
    'a resource under no name of a variable',
    `${PRODUCTION}resources: { "DATABASE URL": { kind: postgres } }\n`,
    "4:14: resources.<key>: expected a variable's name",
  ],
  [
    'a resource of no kind that is known',
    `${PRODUCTION}resources: { DATABASE_URL: { kind: sqlserver } }\n`,
    `4:36: resources.DATABASE_URL.kind: expected ${anyKind}, found another text`,
  ],
  [
    'a resource of a mistyped kind',
    `${PRODUCTION}resources: { DATABASE_URL: { kind: postgers } }\n`,
    `4:36: resources.DATABASE_URL.kind: expected ${anyKind}, found another text; did you mean "postgres"?`,
  ],
  [
    'a resource with a role that is none',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: writeable } }\n`,
    '4:38: resources.DATABASE_URL.expect: expected writable, readable or replica, found another text; did you mean "writable"?',
  ],
  [
    'an expectation that is a number',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: 5 } }\n`,
    '4:38: resources.DATABASE_URL.expect: expected writable, readable or replica, found a number',
  ],
  [
    'an expectation that says nothing',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: {} } }\n`,
    '4:38: resources.DATABASE_URL.expect: needs role, fresh, or both',
  ],
  [
    'an expectation with a mistyped key',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { rol: writable } } }\n`,
    '4:40: resources.DATABASE_URL.expect.rol is not known; did you mean "role"?',
  ],
  [
    'an expectation with a role that is none',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { role: alive } } }\n`,
    '4:46: resources.DATABASE_URL.expect.role: expected writable, readable or replica, found another text',
  ],
  [
    'an expectation whose age is a text',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { fresh: 15m } } }\n`,
    '4:47: resources.DATABASE_URL.expect.fresh: expected a mapping with table, column and within, found a text',
  ],
  [
    'an age without a column',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { fresh: { table: orders, within: 15m } } } }\n`,
    '4:40: resources.DATABASE_URL.expect.fresh.column is missing: expected the name of a column',
  ],
  [
    'an age of a table in a database',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { fresh: { table: a.b.c, column: d, within: 15m } } } }\n`,
    '4:56: resources.DATABASE_URL.expect.fresh.table: expected the name of a table, as orders or shop.orders, found another text',
  ],
  [
    'an age that is no time',
    `${PRODUCTION}resources: { DATABASE_URL: { expect: { fresh: { table: orders, column: at, within: 2h } } } }\n`,
    '4:84: resources.DATABASE_URL.expect.fresh.within: expected a time over 0 and of at most 366 days: 30s, 15m, 1500m, or a whole number of seconds, found another text',
  ],
  [
    'a use that is none',
    `${PRODUCTION}resources: { DATABASE_URL: { use: cahce } }\n`,
    '4:35: resources.DATABASE_URL.use: expected cache, queue or store, found another text; did you mean "cache"?',
  ],
  [
    'guards that are a list',
    `${PRODUCTION}resources: { DATABASE_URL: { guards: [pg.recovery] } }\n`,
    '4:38: resources.DATABASE_URL.guards: expected a mapping of ids of checks to severities, found a list',
  ],
  [
    'a guard that is mistyped',
    `${PRODUCTION}resources: { DATABASE_URL: { guards: { pg.recvery: warn } } }\n`,
    '4:40: resources.DATABASE_URL.guards.pg.recvery is not known; did you mean "pg.recovery"?',
  ],
  [
    'a guard that is like none',
    `${PRODUCTION}resources: { DATABASE_URL: { guards: { hunter2secret: warn } } }\n`,
    '4:40: resources.DATABASE_URL.guards has a key that is not known here',
  ],
  [
    'a guard with a weight that is none',
    `${PRODUCTION}resources: { DATABASE_URL: { guards: { pg.recovery: warning } } }\n`,
    '4:53: resources.DATABASE_URL.guards.pg.recovery: expected error, warn or info, found another text',
  ],
  [
    'a guard that is no finding',
    `${PRODUCTION}resources: { DATABASE_URL: { guards: { config.edited: info } } }\n`,
    '4:40: resources.DATABASE_URL.guards has a key that is not known here',
  ],
  [
    'a resource with a mistyped key',
    `${PRODUCTION}resources: { DATABASE_URL: { kin: postgres } }\n`,
    '4:30: resources.DATABASE_URL.kin is not known; did you mean "kind"?',
  ],
  [
    'a default that is no deploy',
    'default: staging\ndeploys:\n  production:\n    config: .env.production\n',
    '1:10: default names no deploy; there is production',
  ],
  [
    'a default that is a list',
    'default: [production]\ndeploys:\n  production:\n    config: .env.production\n',
    '1:10: default: expected the name of a deploy, found a list',
  ],
  [
    'a default called as what every object has',
    'default: toString\ndeploys:\n  production:\n    config: .env.production\n',
    '1:10: default names no deploy; there is production',
  ],
  [
    'two deploys with one config',
    'deploys:\n  a: { config: .env }\n  b: { config: ./.env }\n',
    '3:16: deploys.b.config and deploys.a.config are the same file',
  ],
  [
    'three errors',
    'deploys:\n  production:\n    config: 1\n    protected: 2\n    hook: 3\n',
    '3:13: deploys.production.config: expected the path of a .env file, found a number; 2 more errors follow',
  ],
  ['a key twice', deploy('config: .env'), '4:5: deploys.production.config stands here twice'],
  ['a deploy twice', 'deploys:\n  a: { config: .env }\n  a: { config: .env.b }\n', '3:3: deploys.a stands here twice'],
  ['an unknown key twice', 'hunter2secret: 1\nhunter2secret: 2\n', '2:1: <key> stands here twice'],
  ['a merge key', 'x: &x { protected: true }\ndeploys:\n  a: { <<: *x, config: .env }\n', '3:8: a merge key (<<) is not read'],
  ['a tag of JavaScript', deploy('hook: !!js/function "hunter2secret"'), '4:11: a tag (!) is not read'],
  ['a binary tag', deploy('body: !!binary aHVudGVyMg=='), '4:11: a tag (!) is not read'],
  ['a tag of its own', deploy('hook: !vault hunter2secret'), '4:11: a tag (!) is not read'],
  ['a tag that says nothing', deploy('hook: !!str reload'), '4:11: a tag (!) is not read'],
  [
    'a directive',
    '%YAML 1.1\n---\ndeploys:\n  production:\n    config: .env.production\n    protected: yes\n',
    '1:1: a directive (%) is not read',
  ],
  ['a second document', `${PRODUCTION}---\ndeploys:\n  production:\n    config: .env.production\n`, '4:1: a second document begins here'],
  ['an alias of nothing', deploy('hook: *hunter2secret'), '4:11: an alias (*) of nothing that stands before it'],
  ['an alias inside itself', 'deploys: &a { production: *a }\n', '1:27: an alias (*) inside what it stands for'],
  ['a key that is a list', '? [a]\n: b\n', '1:3: a key that is no text'],
  ['a key that is nothing', ': b\n', '1:1: a key that is no text'],
  ['a key that is an alias', 'default: &a x\n*a : b\n', '2:1: a key that is no text'],
  ['a tab', 'deploys:\n	production:\n', '2:1: a tab does not indent in YAML'],
  ['a mapping in the middle of a line', 'deploys: production: x\n', '1:10: a mapping or a list begins in the middle of a line'],
  [
    'a bracket that is not closed',
    deploy('hook: [systemctl, restart'),
    '5:1: this is indented otherwise than what it belongs to, or a bracket is not closed',
  ],
  ['a quote that is not closed', deploy('hook: "systemctl hunter2secret'), '5:1: a closing mark, a ":", a "," or a blank is missing here'],
  ['a mark that needs quotes', deploy('hook: @hunter2secret'), '4:11: a text that begins with this character needs quotes'],
  [
    'a backslash that goes with nothing',
    deploy('hook: "\\q hunter2secret"'),
    '4:12: a backslash in double quotes before a character that it does not go with',
  ],
  [
    'indentation that fits nothing',
    `${PRODUCTION}   protected: true\n`,
    '4:1: this is indented otherwise than what it belongs to, or a bracket is not closed',
  ],
  ['what stands behind the end of a text', deploy('hook: "a" hunter2secret'), '4:15: YAML does not expect what stands here'],
  ['an anchor without a name', deploy('hook: & x'), '4:11: an anchor (&) or alias (*) without a name'],
]
