import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asksJson, type Command, type Context, setAside, understand } from '../../src/cli/grammar.ts'
import { OPTIONS } from '../../src/cli/options.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { AttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'

const KEYS = new Set(['DATABASE_URL', 'cache-url', 'queue', 'log', 'A key'])

const world = (binary: Context['binary'] = 'attach', keys: Context['keys'] = () => KEYS): Context => ({
  binary,
  keys,
  usualKey: (handle) => (/^postgres/.test(handle.reveal()) ? 'DATABASE_URL' : /^rediss?:/.test(handle.reveal()) ? 'REDIS_URL' : null),
})

const read = (argv: readonly string[], context = world()): Command => understand(setAside(argv), context)

function refusal(argv: readonly string[], context = world()): AttachError {
  try {
    read(argv, context)
  } catch (error) {
    if (error instanceof AttachError) return error
    throw error
  }
  return expect.fail(`was understood: ${argv.join(' ')}`)
}

/** Secrets compare equal to each other, so they are laid open first. */
function open(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() }
  if (Array.isArray(value)) return value.map(open)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, open(item)]))
  return value
}

const SPEAKING = { json: false, quiet: false, verbose: false, color: true, input: true }
const LOCATED = { ...SPEAKING, where: { by: 'default' }, directory: null, timeoutMs: null }
const WRITING = { ...LOCATED, dryRun: false, yes: false, confirm: null, lockTimeoutMs: null, atomicOnly: false, hook: true, trust: false }
const RELEASING = { ...WRITING, message: null, onFailure: null }
const JUDGING = { expect: null, allow: [], strict: false, baseline: null }
const PROBING = { probe: true, ...JUDGING }
const ATTACH = { verb: 'attach', ...RELEASING, ...PROBING, kind: null, raw: false, keepOld: [], create: false }
const SWAP = { verb: 'swap', ...RELEASING, ...PROBING, kind: null, raw: false, keepOld: [] }
const FAILOVER = { verb: 'failover', ...RELEASING, ...PROBING, key: 'A', kind: null, keepOld: [] }
const DETACH = { verb: 'detach', ...RELEASING }
const ROLLBACK = { verb: 'rollback', ...RELEASING, ...PROBING, to: null }
const UNDO = { verb: 'undo', ...RELEASING, ...PROBING, release: null }
const STATUS = { verb: 'status', ...LOCATED, probe: false, reveal: false }
const PROBE = { verb: 'probe', ...LOCATED, targets: [], kind: null, expect: null, write: false }
const COMPARE = { verb: 'compare', ...LOCATED, ...JUDGING, kind: null, raw: false, save: null }
const LOG = { verb: 'log', ...LOCATED, limit: 20, reveal: false }
const RECOVER = { verb: 'recover', ...WRITING, keep: false }
const EXEC = { verb: 'exec', ...LOCATED, program: 'cmd', args: [] }
const WHERE = { verb: 'where', ...SPEAKING, directory: null, patterns: [] }
const at = (host: string, port: number | null = null): object => ({ ...WHERE, sought: { by: 'host', host, port } })
const INIT = { verb: 'init', ...SPEAKING, directory: null, dryRun: false, yes: false }
const HELP = { verb: 'help', ...SPEAKING, topic: null }
const VERSION = { verb: 'version', ...SPEAKING }
const ALONE = { verb: 'alone', ...LOCATED }

const argv = (value: string): object => ({ from: 'argv', value: { secret: value } })
const pair = (key: string, value: string): object => ({ key, source: argv(value) })
const prompt = (key: string): object => ({ key, source: { from: 'prompt' } })
const stdin = (key: string): object => ({ key, source: { from: 'stdin' } })
const file = (key: string, path: string): object => ({ key, source: { from: 'file', path } })
const command = (key: string, run: string): object => ({ key, source: { from: 'command', run: { secret: run } } })
const keyed = (key: string): object => ({ by: 'key', key })
const PAIR = { ...ATTACH, pairs: [pair('A', 'x://h')] }
const pairs = (...all: readonly object[]): object => ({ by: 'pairs', pairs: all })
const swapped = (...all: readonly object[]): object => ({ by: 'swap', to: pairs(...all) })
const handle = (value: string): object => ({ by: 'handle', source: argv(value) })

/** A line without spaces in its words, and what it means. */
const UNDERSTOOD: readonly (readonly [line: string, command: object])[] = [
  ['', ALONE],
  ['--json', { ...ALONE, json: true }],
  ['-d production --no-input', { ...ALONE, where: { by: 'deploy', name: 'production' }, input: false }],
  ['DATABASE_URL=postgres://localhost/app', { ...ATTACH, pairs: [pair('DATABASE_URL', 'postgres://localhost/app')] }],
  ['attach A=x://h', PAIR],
  ['A=x://h attach', PAIR],
  ['A=x://h', PAIR],
  ['_a9=v', { ...ATTACH, pairs: [pair('_a9', 'v')] }],
  ['cache-url=redis://h', { ...ATTACH, pairs: [pair('cache-url', 'redis://h')] }],
  ['A=b=c://d?e=f', { ...ATTACH, pairs: [pair('A', 'b=c://d?e=f')] }],
  ['A=a B=b', { ...ATTACH, pairs: [pair('A', 'a'), pair('B', 'b')] }],
  ['__proto__=x', { ...ATTACH, pairs: [pair('__proto__', 'x')] }],
  ['A=-', { ...ATTACH, pairs: [stdin('A')] }],
  ['A=--', { ...ATTACH, pairs: [pair('A', '--')] }],
  ['DATABASE_URL', { ...ATTACH, pairs: [prompt('DATABASE_URL')] }],
  ['NEW_KEY OTHER=x', { ...ATTACH, pairs: [prompt('NEW_KEY'), pair('OTHER', 'x')] }],
  ['queue', { ...ATTACH, pairs: [prompt('queue')] }],
  ['A= --kind opaque', { ...ATTACH, pairs: [pair('A', '')], kind: 'opaque' }],
  ['--from-env A=VAR', { ...ATTACH, pairs: [{ key: 'A', source: { from: 'env', name: 'VAR' } }] }],
  [
    '--from-env A=V,B=W --from-env=C=X',
    {
      ...ATTACH,
      pairs: [
        { key: 'A', source: { from: 'env', name: 'V' } },
        { key: 'B', source: { from: 'env', name: 'W' } },
        { key: 'C', source: { from: 'env', name: 'X' } },
      ],
    },
  ],
  ['--from-key A=cache-url', { ...ATTACH, pairs: [{ key: 'A', source: { from: 'key', key: 'cache-url' } }] }],
  ['A=- --from-env B=V --raw', { ...ATTACH, pairs: [stdin('A'), { key: 'B', source: { from: 'env', name: 'V' } }], raw: true }],
  ['--from-file A=/run/secrets/a', { ...ATTACH, pairs: [file('A', '/run/secrets/a')] }],
  ['--from-file A=a,b=c --from-file=B=b', { ...ATTACH, pairs: [file('A', 'a,b=c'), file('B', 'b')] }],
  ['--from-file A=/dev/fd/63', { ...ATTACH, pairs: [file('A', '/dev/fd/63')] }],
  ['--from-file A=/dev/stdin', { ...ATTACH, pairs: [stdin('A')] }],
  ['--from-file A=-', { ...ATTACH, pairs: [stdin('A')] }],
  ['--from-file A=./-', { ...ATTACH, pairs: [file('A', './-')] }],
  ['swap --from-command A=vault,b=c --raw', { ...SWAP, to: pairs(command('A', 'vault,b=c')), raw: true }],
  [
    '--from-command A=a B=b --from-env C=V,D=W E --from-file F=f G=-',
    {
      ...ATTACH,
      pairs: [
        command('A', 'a'),
        pair('B', 'b'),
        { key: 'C', source: { from: 'env', name: 'V' } },
        { key: 'D', source: { from: 'env', name: 'W' } },
        prompt('E'),
        file('F', 'f'),
        stdin('G'),
      ],
    },
  ],
  ['A=x://h --keep-old', { ...PAIR, keepOld: [{ key: 'A', as: 'A_OLD' }] }],
  ['A=x://h --keep-old-as B', { ...PAIR, keepOld: [{ key: 'A', as: 'B' }] }],
  ['A=x://h --keep-old --keep-old-as cache-url', { ...PAIR, keepOld: [{ key: 'A', as: 'cache-url' }] }],
  [
    'swap A B=b --keep-old',
    {
      ...SWAP,
      to: pairs(prompt('A'), pair('B', 'b')),
      keepOld: [
        { key: 'A', as: 'A_OLD' },
        { key: 'B', as: 'B_OLD' },
      ],
    },
  ],
  ['swap A --host h --keep-old', { ...SWAP, to: { by: 'parts', key: 'A', parts: { host: 'h' } }, keepOld: [{ key: 'A', as: 'A_OLD' }] }],
  ['A=x://h -c .env', { ...PAIR, where: { by: 'config', address: '.env' } }],
  ['A=x://h -c.env', { ...PAIR, where: { by: 'config', address: '.env' } }],
  ['A=x://h -c=.env', { ...PAIR, where: { by: 'config', address: '.env' } }],
  ['A=x://h --config=.env=1', { ...PAIR, where: { by: 'config', address: '.env=1' } }],
  ['-d review-42 A=x://h --create', { ...PAIR, where: { by: 'deploy', name: 'review-42' }, create: true }],
  ['A=x://h -d ry-run', { ...PAIR, where: { by: 'deploy', name: 'ry-run' } }],
  ['A=x://h -C dir', { ...PAIR, directory: 'dir' }],
  ['A=x://h -y', { ...PAIR, yes: true }],
  ['A=x://h --yes --yes', { ...PAIR, yes: true }],
  ['A=x://h --confirm production', { ...PAIR, yes: true, confirm: 'production' }],
  ['A=x://h --dry-run --no-probe', { ...PAIR, dryRun: true, probe: false }],
  ['A=x://h --expect replica', { ...PAIR, expect: 'replica' }],
  ['A=x://h -mwhy', { ...PAIR, message: 'why' }],
  ['A=x://h -m -', { ...PAIR, message: '-' }],
  ['A=x://h --message=-5', { ...PAIR, message: '-5' }],
  ['A=x://h -qym=why', { ...PAIR, quiet: true, yes: true, message: 'why' }],
  ['A=x://h -v --no-color', { ...PAIR, verbose: true, color: false }],
  ['A=x://h --timeout 500ms --lock-timeout 2m', { ...PAIR, timeoutMs: 500, lockTimeoutMs: 120_000 }],
  ['A=x://h --atomic-only', { ...PAIR, atomicOnly: true }],
  ['A=x://h --timeout 30 --lock-timeout 0', { ...PAIR, timeoutMs: 30_000, lockTimeoutMs: 0 }],
  ['A=x://h --timeout 1440m', { ...PAIR, timeoutMs: 86_400_000 }],
  ['swap DATABASE_URL', { ...SWAP, to: pairs(prompt('DATABASE_URL')) }],
  ['swap DATABASE_URL=- -d production', { ...SWAP, to: pairs(stdin('DATABASE_URL')), where: { by: 'deploy', name: 'production' } }],
  ['DATABASE_URL=x swap', { ...SWAP, to: pairs(pair('DATABASE_URL', 'x')) }],
  ['swap --from-key A=B', { ...SWAP, to: pairs({ key: 'A', source: { from: 'key', key: 'B' } }) }],
  [
    'swap A --host h --port 5433 --name n --user u --password p',
    { ...SWAP, to: { by: 'parts', key: 'A', parts: { host: 'h', port: '5433', name: 'n', user: 'u', password: argv('p') } } },
  ],
  ['swap a_key --password - --raw', { ...SWAP, raw: true, to: { by: 'parts', key: 'a_key', parts: { password: { from: 'stdin' } } } }],
  ['swap A --password=-p', { ...SWAP, to: { by: 'parts', key: 'A', parts: { password: argv('-p') } } }],
  ['failover A --to x://h', { ...FAILOVER, candidates: [argv('x://h')] }],
  [
    '--to x://h/a,b?c=d failover --to B A --to - --to=cache-url',
    {
      ...FAILOVER,
      candidates: [argv('x://h/a,b?c=d'), { from: 'key', key: 'B' }, { from: 'stdin' }, { from: 'key', key: 'cache-url' }],
    },
  ],
  [
    'failover A --to B --to B',
    {
      ...FAILOVER,
      candidates: [
        { from: 'key', key: 'B' },
        { from: 'key', key: 'B' },
      ],
    },
  ],
  [
    'failover A --to - --timeout 2m --allow failover.quiet --strict --keep-old --expect replica',
    {
      ...FAILOVER,
      candidates: [{ from: 'stdin' }],
      timeoutMs: 120_000,
      allow: ['failover.quiet'],
      strict: true,
      keepOld: [{ key: 'A', as: 'A_OLD' }],
      expect: 'replica',
    },
  ],
  ['detach DATABASE_URL', { ...DETACH, keys: ['DATABASE_URL'] }],
  ['detach cache-url absent_key', { ...DETACH, keys: ['cache-url', 'absent_key'] }],
  ['rollback', ROLLBACK],
  ['rollback v12', { ...ROLLBACK, to: 12 }],
  ['rollback v0 --allow config.edited', { ...ROLLBACK, to: 0, allow: ['config.edited'] }],
  ['undo', UNDO],
  ['undo v42 --no-probe', { ...UNDO, release: 42, probe: false }],
  ['undo --allow config.edited,config.edited', { ...UNDO, allow: ['config.edited'] }],
  ['status', STATUS],
  ['ls', STATUS],
  ['--probe status --reveal', { ...STATUS, probe: true, reveal: true }],
  ['probe', PROBE],
  [
    'probe DATABASE_URL redis://h -',
    {
      ...PROBE,
      targets: [keyed('DATABASE_URL'), { by: 'handle', source: argv('redis://h') }, { by: 'handle', source: { from: 'stdin' } }],
    },
  ],
  ['postgres://h/d?a=b probe', { ...PROBE, targets: [{ by: 'handle', source: argv('postgres://h/d?a=b') }] }],
  ['probe --expect writable --kind postgres', { ...PROBE, expect: 'writable', kind: 'postgres' }],
  ['compare DATABASE_URL=postgres://h/d', { ...COMPARE, what: swapped(pair('DATABASE_URL', 'postgres://h/d')) }],
  ['compare A=a B=b C --strict', { ...COMPARE, what: swapped(pair('A', 'a'), pair('B', 'b'), prompt('C')), strict: true }],
  ['A=x://h compare --allow pg.recovery', { ...COMPARE, what: swapped(pair('A', 'x://h')), allow: ['pg.recovery'] }],
  ['compare A', { ...COMPARE, what: swapped(prompt('A')) }],
  ['compare A=- --baseline f', { ...COMPARE, what: swapped(stdin('A')), baseline: 'f' }],
  ['compare --from-env A=V --raw', { ...COMPARE, what: swapped({ key: 'A', source: { from: 'env', name: 'V' } }), raw: true }],
  ['compare A --from-file B=f', { ...COMPARE, what: swapped(prompt('A'), file('B', 'f')) }],
  ['compare A B --from-key C=A', { ...COMPARE, what: swapped(prompt('A'), prompt('B'), { key: 'C', source: { from: 'key', key: 'A' } }) }],
  [
    'compare A --host h --expect replica',
    { ...COMPARE, what: { by: 'swap', to: { by: 'parts', key: 'A', parts: { host: 'h' } } }, expect: 'replica' },
  ],
  ['compare x://h y://h', { ...COMPARE, what: { by: 'two', old: handle('x://h'), next: handle('y://h') } }],
  ['compare - x://h', { ...COMPARE, what: { by: 'two', old: { by: 'handle', source: { from: 'stdin' } }, next: handle('x://h') } }],
  ['compare DATABASE_URL x://h', { ...COMPARE, what: { by: 'two', old: keyed('DATABASE_URL'), next: handle('x://h') } }],
  ['compare DATABASE_URL queue', { ...COMPARE, what: { by: 'two', old: keyed('DATABASE_URL'), next: keyed('queue') } }],
  ['compare A B C', { ...COMPARE, what: swapped(prompt('A'), prompt('B'), prompt('C')) }],
  ['compare queue --save f', { ...COMPARE, what: { by: 'alone', key: 'queue' }, save: 'f' }],
  ['compare A=x://h --save f', { ...COMPARE, what: swapped(pair('A', 'x://h')), save: 'f' }],
  ['compare A --user u --save f', { ...COMPARE, what: { by: 'swap', to: { by: 'parts', key: 'A', parts: { user: 'u' } } }, save: 'f' }],
  ['compare A x://h --save f', { ...COMPARE, what: { by: 'two', old: keyed('A'), next: handle('x://h') }, save: 'f' }],
  ['swap A=x://h --baseline f', { ...SWAP, to: pairs(pair('A', 'x://h')), baseline: 'f' }],
  ['undo v3 --baseline f', { ...UNDO, release: 3, baseline: 'f' }],
  ['log', LOG],
  ['log -n3 --reveal', { ...LOG, limit: 3, reveal: true }],
  ['recover', RECOVER],
  ['recover --keep -y', { ...RECOVER, keep: true, yes: true }],
  ['exec -- cmd', EXEC],
  ['exec -d production -q -- cmd', { ...EXEC, where: { by: 'deploy', name: 'production' }, quiet: true }],
  ['-C dir exec -- cmd -d x --json -- A=b - exec', { ...EXEC, directory: 'dir', args: ['-d', 'x', '--json', '--', 'A=b', '-', 'exec'] }],
  ['exec -- --cmd', { ...EXEC, program: '--cmd' }],
  ['exec --help -- cmd', { ...HELP, topic: 'exec' }],
  ['where postgres://h/d', { ...WHERE, sought: { by: 'handle', source: argv('postgres://h/d') } }],
  ['where -', { ...WHERE, sought: { by: 'handle', source: { from: 'stdin' } } }],
  ['where DB1', at('db1')],
  ['where db-1.internal:5432', at('db-1.internal', 5432)],
  ['where ::1', at('::1')],
  ['where [::1]:6379', at('::1', 6379)],
  ['where /run/redis.sock', at('/run/redis.sock')],
  ['where db1 -c a,b/*/.env --config=.env -C dir', { ...at('db1'), directory: 'dir', patterns: ['a,b/*/.env', '.env'] }],
  ['init', INIT],
  ['-C app init --dry-run -y', { ...INIT, directory: 'app', dryRun: true, yes: true }],
  ['help', HELP],
  ['help swap', { ...HELP, topic: 'swap' }],
  ['help ls', { ...HELP, topic: 'status' }],
  ['--help', HELP],
  ['-h swap --create --', { ...HELP, topic: 'swap' }],
  ['statsu --help', HELP],
  ['version', VERSION],
  ['-V --json', { ...VERSION, json: true }],
]

test.each(UNDERSTOOD)('"%s" is understood', (line, command) => {
  expect(open(read(line.split(' ').filter((word) => word !== '')))).toEqual(command)
})

const OF_DETACH: typeof UNDERSTOOD = [
  ['DATABASE_URL -d staging', { ...DETACH, keys: ['DATABASE_URL'], where: { by: 'deploy', name: 'staging' } }],
  ['status', { ...DETACH, keys: ['status'] }],
  ['--help', { ...HELP, topic: 'detach' }],
  ['--version', VERSION],
]

test.each(OF_DETACH)('"%s" is understood by the binary detach', (line, command) => {
  expect(open(read(line.split(' '), world('detach')))).toEqual(command)
})

/** A line, what the message says, the hint. */
const REFUSED: readonly (readonly [line: string, message: string, hint: string])[] = [
  ['statsu', 'unknown command "statsu"; did you mean "status"?', 'attach help status'],
  ['rolback v3', 'unknown command "rolback"; did you mean "rollback"?', 'attach help rollback'],
  ['Status', 'unknown command "Status"; did you mean "status"?', 'attach help status'],
  ['database_url', 'unknown command "database_url"; did you mean "DATABASE_URL"?', 'attach help'],
  ['zzz', 'unknown command "zzz"', 'attach help'],
  ['toString', 'unknown command "toString"', 'attach help'],
  ['constructor', 'unknown command "constructor"', 'attach help'],
  ['pa$$word', 'unknown command <argument 1>', 'attach help'],
  ['promote', 'unknown command "promote"; did you mean "swap"?', 'attach help swap'],
  ['link', 'unknown command "link"; did you mean "attach"?', 'attach help attach'],
  ['bind', 'unknown command "bind"; did you mean "attach"?', 'attach help attach'],
  ['set', 'unknown command "set"; did you mean "attach"?', 'attach help attach'],
  ['add', 'unknown command "add"; did you mean "attach"?', 'attach help attach'],
  ['connect', 'unknown command "connect"; did you mean "attach"?', 'attach help attach'],
  ['unlink', 'unknown command "unlink"; did you mean "detach"?', 'attach help detach'],
  ['unbind', 'unknown command "unbind"; did you mean "detach"?', 'attach help detach'],
  ['unset', 'unknown command "unset"; did you mean "detach"?', 'attach help detach'],
  ['remove', 'unknown command "remove"; did you mean "detach"?', 'attach help detach'],
  ['disconnect', 'unknown command "disconnect"; did you mean "detach"?', 'attach help detach'],
  ['releases', 'unknown command "releases"; did you mean "log"?', 'attach help log'],
  ['history', 'unknown command "history"; did you mean "log"?', 'attach help log'],
  ['help statsu', 'unknown command "statsu"; did you mean "status"?', 'attach help status'],
  ['help swap undo', 'help takes one command, found "undo"', 'attach help'],
  ['my-key=x', '"my-key" is not a variable name: expected letters, digits and "_"', 'attach status'],
  ['cache_url-=x', '"cache_url-" is not a variable name: expected letters, digits and "_"; did you mean "cache-url"?', 'attach status'],
  ['my-key=postgres://u:p@h/d', '"my-key" is not a variable name: expected letters, digits and "_"', 'attach status'],
  ['=x', '<argument 1> is not a variable name: expected letters, digits and "_"', 'attach status'],
  ['p%ss=x', '<argument 1> is not a variable name: expected letters, digits and "_"', 'attach status'],
  ['9A=x', '"9A" is not a variable name: expected letters, digits and "_"', 'attach status'],
  ['DATABASE_URL postgres://h/d', '<handle> stands apart from its key: a key and its handle are one word', 'attach DATABASE_URL=…'],
  [
    'swap DATABASE_URL postgres://h/d',
    '<handle> stands apart from its key: a key and its handle are one word',
    'attach swap DATABASE_URL=…',
  ],
  ['DATABASE_URL hunter2', '<argument 2> stands apart from its key: a key and its handle are one word', 'attach DATABASE_URL=…'],
  ['DATABASE_URL -', '<argument 2> stands apart from its key: a key and its handle are one word', 'attach DATABASE_URL=…'],
  ['A=correct horse', '<argument 2> is no pair and no key: a value with spaces stands in quotes', 'attach help attach'],
  ['swap A=correct horse', '<argument 3> is no pair and no key: a value with spaces stands in quotes', 'attach help swap'],
  ['swap database_url', '"database_url" is neither KEY=HANDLE nor a key here; did you mean "DATABASE_URL"?', 'attach help swap'],
  ['postgres://h/d', '<handle> stands alone: for which key?', 'attach DATABASE_URL=…'],
  ['swap redis://h', '<handle> stands alone: for which key?', 'attach swap REDIS_URL=…'],
  ['nothing://h', '<handle> stands alone: for which key?', 'attach KEY=…'],
  ['-', '<argument 1> stands alone: for which key?', 'attach KEY=-'],
  ['A=x postgres://h', '<handle> stands alone: for which key?', 'attach DATABASE_URL=…'],
  ['A=', 'A is given an empty value: expected a handle', '--kind=opaque takes an empty value'],
  ['swap A= --kind postgres', 'A is given an empty value: expected a handle', '--kind=opaque takes an empty value'],
  ['A=- B=-', 'stdin can be read once, and A and B ask for it', 'attach KEY=- < FILE'],
  ['swap A=- B=-', 'stdin can be read once, and A and B ask for it', 'attach swap KEY=- < FILE'],
  ['where', 'where needs a handle or a host', 'attach help where'],
  ['where a b', 'where takes one handle or host, found "b" too', 'attach help where'],
  ['where DATABASE_URL', '"DATABASE_URL" looks like a key: where takes a handle or a host', 'attach status'],
  ['where A=x', 'where takes a handle or a host, found A=…', 'attach where - < FILE'],
  ...['h:0', 'h:65536', 'h:x', 'h:', ':1', '[h]:1', '[::1', 'a:b:c', 'h_-', 'p%ss'].map((word): readonly [string, string, string] => [
    `where ${word}`,
    `${/^[\w.-]+$/.test(word) ? `"${word}"` : '<argument 2>'} is neither a handle nor a host: expected HOST, HOST:PORT, [ADDRESS]:PORT or a path`,
    'attach help where',
  ]),
  [
    'where h -d x',
    'where does not take --deploy; attach, swap, failover, detach, rollback, undo, status, probe, wait, compare, log, recover, exec do',
    'attach help where',
  ],
  ['status -c a -c b', '--config is given twice', 'give --config once'],
  ['-c a A=x://h --config b', '--config is given twice', 'give --config once'],
  ['probe - -', 'stdin can be read once, and "-" and "-" ask for it', 'attach probe - < FILE'],
  ['A=x A=y', 'A is given twice', 'attach help'],
  ['A A=y', 'A is given twice', 'attach help'],
  ['A=x --from-env A=V', 'A is given twice: --from-env names the key already', 'attach --from-env=KEY=…'],
  ['--from-key A=B --from-env A=V', 'A is given twice', 'attach help'],
  ['detach A A', 'A is given twice', 'attach help'],
  ['probe A A', 'A is given twice', 'attach help'],
  ['A --no-input', 'A has no value, and --no-input forbids to ask for it', 'attach KEY=- < FILE'],
  ['--from-env A', '--from-env takes KEY=VAR', '--from-env=KEY=VAR'],
  ['--from-env =V', '--from-env takes KEY=VAR', '--from-env=KEY=VAR'],
  ['--from-env my-key=V', '--from-env takes KEY=VAR', '--from-env=KEY=VAR'],
  ['--from-env A=x://h', '--from-env takes KEY=VAR, where VAR is an environment variable', '--from-env=KEY=VAR'],
  ['--from-env A=', '--from-env takes KEY=VAR, where VAR is an environment variable', '--from-env=KEY=VAR'],
  ['--from-env ,', '--from-env has an empty item in its list', '--from-env=KEY=VAR'],
  ['--from-env=', '--from-env needs a value', '--from-env=KEY=VAR'],
  ['--from-key A=x-y', '--from-key takes KEY=OTHER, where both are keys', '--from-key=KEY=OTHER'],
  ['--from-file A', '--from-file takes KEY=PATH', '--from-file=KEY=PATH'],
  ['--from-file A=', '--from-file takes KEY=PATH', '--from-file=KEY=PATH'],
  ['--from-file my-key=f', '--from-file takes KEY=PATH', '--from-file=KEY=PATH'],
  ['--from-file /run/secrets/a', '--from-file takes KEY=PATH', '--from-file=KEY=PATH'],
  ['--from-command A', '--from-command takes KEY=CMD', '--from-command=KEY=CMD'],
  ['--from-command A=', '--from-command takes KEY=CMD', '--from-command=KEY=CMD'],
  ['--from-command =vault', '--from-command takes KEY=CMD', '--from-command=KEY=CMD'],
  ['--from-file A=a --from-command A=b', 'A is given twice', 'attach help'],
  ['A --from-file A=a', 'A is given twice: --from-file names the key already', 'attach --from-file=KEY=…'],
  ['swap --from-command A=a A', 'A is given twice: --from-command names the key already', 'attach swap --from-command=KEY=…'],
  ['--from-file hunter2=a --from-command hunter2=b', 'a key is given twice', 'attach help'],
  ['A=- --from-file B=/dev/stdin', 'stdin can be read once, and A and B ask for it', 'attach KEY=- < FILE'],
  ['A --from-env B=V hunter2', '<argument 4> stands apart from its key: a key and its handle are one word', 'attach A=…'],
  ['detach A --from-file A=a', 'detach does not take --from-file; attach, swap, compare do', 'attach help detach'],
  ['swap --from-file A=a --user u', '--user keeps the rest of the present handle, and --from-file replaces it', 'attach help swap'],
  ['A=x B=y --keep-old-as C', '--keep-old-as is for one key; --keep-old keeps each under its own', '--keep-old'],
  ['A=x --keep-old-as A', '--keep-old-as: the key for the old handle is changed by this command itself', '--keep-old-as=OLD'],
  ['A=x --keep-old-as my-key', '--keep-old-as: the key for the old handle is not a variable name', '--keep-old-as=OLD'],
  ['A=x A_OLD=y --keep-old', '--keep-old: A_OLD is changed by this command itself', '--keep-old-as=OLD'],
  ['cache-url=x --keep-old', '--keep-old: the key for the old handle is not a variable name', '--keep-old-as=OLD'],
  ['undo --keep-old', 'undo does not take --keep-old; attach, swap, failover do', 'attach help undo'],
  ['A=x -c .env -d production', '--config and --deploy both choose the deploy: give one', 'attach help'],
  ['status -d ../x', '--deploy takes a name of letters, digits, ".", "_" and "-"; a path goes with --config', 'attach --config=ADDRESS'],
  ['status -d=', '--deploy needs a value', '--deploy=NAME'],
  ['status -d', '--deploy needs a value', '--deploy=NAME'],
  ['A=x -m --json', '--message needs a value', '--message=TEXT'],
  ['A=x -m -5', '--message needs a value', '--message=TEXT'],
  ['A=x -m --', '--message needs a value', '--message=TEXT'],
  ['status -d a -d a', '--deploy is given twice', 'give --deploy once'],
  ['status -d a --deploy=b', '--deploy is given twice', 'give --deploy once'],
  ['status --json=1', '--json takes no value', '--json'],
  ['A=x -y=1', '-y takes no value', '--yes'],
  ['swap A --pasword hunter2', 'unknown option "--pasword"; did you mean "--password"?', 'attach help'],
  ['swap A --pasword=hunter2', 'unknown option "--pasword"; did you mean "--password"?', 'attach help'],
  ['--constructor', 'unknown option <argument 1>', 'attach help'],
  ['--__proto__=x', 'unknown option <argument 1>', 'attach help'],
  ['--no-json', 'unknown option <argument 1>', 'attach help'],
  ['--=x', 'unknown option <argument 1>', 'attach help'],
  ['status --pa$$', 'unknown option <argument 2>', 'attach help'],
  ['status -xhunter2', 'unknown option "-x"', 'attach help'],
  ['status -q$', 'unknown option <argument 2>', 'attach help'],
  ['status -5', 'unknown option "-5"', 'attach help'],
  ['A=x -dry-run', 'unknown option "-dry-run"; did you mean "--dry-run"?', 'attach help'],
  ['status -deploy=x', 'unknown option "-deploy"; did you mean "--deploy"?', 'attach help'],
  ['swap A=x --create', 'swap does not take --create; attach does', 'attach help swap'],
  ['--keep', 'attach does not take --keep; recover does', 'attach help attach'],
  [
    'detach A --allow config.edited',
    'detach does not take --allow; attach, swap, failover, rollback, undo, compare do',
    'attach help detach',
  ],
  ['A=x --baseline f', 'attach does not take --baseline; swap, failover, rollback, undo, compare do', 'attach help attach'],
  ['swap A=x --baseline f --no-probe', '--baseline needs the probe that --no-probe skips', 'attach help'],
  ['swap A=x --save f', 'swap does not take --save; compare does', 'attach help swap'],
  ['compare', 'compare needs KEY=HANDLE, or OLD NEW', 'attach help compare'],
  ['compare postgres://h/d', '<handle> stands alone: for which key?', 'attach compare DATABASE_URL=…'],
  ['compare -', '<argument 2> stands alone: for which key?', 'attach compare KEY=-'],
  ['compare - -', 'stdin can be read once, and "-" and "-" ask for it', 'attach compare KEY - < FILE'],
  ['compare A A', 'A is given twice', 'attach help'],
  ['compare A lower', '"lower" is neither a key here nor a handle', 'attach status'],
  ['compare x://h y://h z://h', '<handle> stands alone: for which key?', 'attach compare KEY=…'],
  ['compare A=x y://h', '<handle> stands alone: for which key?', 'attach compare KEY=…'],
  ['compare A=x hunter2', '<argument 3> is no pair and no key: a value with spaces stands in quotes', 'attach help compare'],
  ['compare A=x --host h', '--host keeps the rest of the present handle, and A=… replaces it', 'attach help compare'],
  ['compare A --host h --from-env A=V', '--host keeps the rest of the present handle, and --from-env replaces it', 'attach help compare'],
  ['compare x://h --host h', 'compare takes keys, found <handle>', 'attach status'],
  [
    'compare A=x -y',
    'compare does not take --yes; attach, swap, failover, detach, rollback, undo, recover, init do',
    'attach help compare',
  ],
  [
    'compare A=x --save f --baseline g',
    '--save keeps what the old resource tells, and --baseline speaks in its place',
    'attach help compare',
  ],
  ['compare A=x B=y --save f', '--save keeps one resource: expected one key', 'attach compare KEY --save=FILE'],
  ['compare x://h A --save f', '--save needs the key of what it keeps', 'attach compare KEY --save=FILE'],
  [
    'compare A --save f --strict',
    '--strict is for a comparison, and a key alone with --save is compared with nothing',
    'attach help compare',
  ],
  ['compare A=x --save=', '--save needs a value', '--save=FILE'],
  ['diff', 'unknown command "diff"; did you mean "compare"?', 'attach help compare'],
  ['log --no-probe', 'log does not take --no-probe; attach, swap, rollback, undo do', 'attach help log'],
  ['detach A --kind opaque', 'detach does not take --kind; attach, swap, compare, failover, probe, wait do', 'attach help detach'],
  ['undo --allow pg.recvery', '--allow names no check that there is; did you mean pg.recovery?', '--allow=pg.recovery'],
  ['undo --allow s3cret.handle', '--allow names no check that there is', '--allow=pg.recovery'],
  ['undo --allow config.edited,', '--allow has an empty item in its list', '--allow=ID'],
  ['A=x --expect alive', '--expect takes writable, readable or replica', '--expect=writable'],
  ['A=x --expect writable --no-probe', '--expect needs the probe that --no-probe skips', 'attach help'],
  ['A=x --kind p/q', '--kind takes the name of a kind, such as postgres or opaque', '--kind=postgres'],
  ['status -q -v', '--quiet and --verbose contradict each other', 'attach help'],
  ['A=x --timeout soon', '--timeout takes a time: 500ms, 30s, 2m, or a number of seconds', '--timeout=30s'],
  ['A=x --timeout 1h', '--timeout takes a time: 500ms, 30s, 2m, or a number of seconds', '--timeout=30s'],
  ['A=x --timeout=-1', '--timeout takes a time: 500ms, 30s, 2m, or a number of seconds', '--timeout=30s'],
  ['A=x --timeout 0', '--timeout takes a time over 0', '--timeout=30s'],
  ['A=x --lock-timeout 1441m', '--lock-timeout takes a time of at most 1440m, a day', '--lock-timeout=30s'],
  ['A=x --lock-timeout 999999999m', '--lock-timeout takes a time of at most 1440m, a day', '--lock-timeout=30s'],
  ['log -n 0', '--limit takes a number from 1 to 100000', '--limit=N'],
  ['log -n many', '--limit takes a number from 1 to 100000', '--limit=N'],
  ['swap A --port 65536', '--port takes a number from 1 to 65535', '--port=PORT'],
  ['swap A --port 5432x', '--port takes a number from 1 to 65535', '--port=PORT'],
  ['swap A=x --host h', '--host keeps the rest of the present handle, and A=… replaces it', 'attach help swap'],
  ['swap --from-env A=V --user u', '--user keeps the rest of the present handle, and --from-env replaces it', 'attach help swap'],
  ['swap A B --host h', '--host is a part of one handle: expected one key', 'attach swap KEY --host=…'],
  ['swap --host h', '--host is a part of one handle: expected one key', 'attach swap KEY --host=…'],
  ['swap A --host=', '--host needs a value', '--host=HOST'],
  ['swap', 'swap needs KEY=HANDLE, or KEY with the parts to replace', 'attach help swap'],
  ['attach', 'attach needs KEY=HANDLE', 'attach help attach'],
  ['--create', 'attach needs KEY=HANDLE', 'attach help attach'],
  ['detach', 'detach needs KEY', 'attach help detach'],
  ['detach A=x', 'detach takes a key and no value, found A=…', 'attach help detach'],
  ['detach postgres://h', 'detach takes keys, found <handle>', 'attach status'],
  ['detach -', 'detach takes keys, found "-"', 'attach status'],
  [
    'detach database-url',
    '"database-url" is not a variable name: expected letters, digits and "_"; did you mean "DATABASE_URL"?',
    'attach status',
  ],
  ['status A=x', 'status takes no arguments, found A=…', 'attach help status'],
  ['status DATABASE_URL', 'status takes no arguments, found "DATABASE_URL"', 'attach help status'],
  ['log postgres://h', 'log takes no arguments, found <handle>', 'attach help log'],
  ['recover v3', 'recover takes no arguments, found "v3"', 'attach help recover'],
  ['version 2', 'version takes no arguments, found "2"', 'attach help version'],
  ['probe A=postgres://h', 'probe takes keys and handles, found A=…', 'attach probe - < FILE'],
  ['probe localhost:5432', '<argument 2> is neither a key here nor a handle', 'attach status'],
  ['probe databse_url', '"databse_url" is neither a key here nor a handle; did you mean "DATABASE_URL"?', 'attach status'],
  ['rollback 12', '"12" is not a release: expected one as the log numbers them, such as v12', 'attach log'],
  ['rollback V12', '"V12" is not a release: expected one as the log numbers them, such as v12', 'attach log'],
  ['rollback v012', '"v012" is not a release: expected one as the log numbers them, such as v12', 'attach log'],
  ['rollback DATABASE_URL', '"DATABASE_URL" is not a release: expected one as the log numbers them, such as v12', 'attach log'],
  ['rollback v1 v2', 'rollback takes one release, found "v2" too', 'attach log'],
  ['undo A=x', 'undo takes one release, such as v12, found A=…', 'attach log'],
  ['undo v0', 'v0 is what stood before the first release: there is nothing to undo in it', 'attach log'],
  ['A=x -- cmd', 'attach takes no command after "--"', 'attach help attach'],
  ['status --', 'status takes no command after "--"', 'attach help status'],
  ['--', 'attach takes no command after "--"', 'attach help attach'],
  ['exec', 'exec needs a command after "--"', 'attach exec -- CMD'],
  ['exec --', 'exec needs a command after "--"', 'attach exec -- CMD'],
  ['exec cmd', 'exec takes its command after "--", found "cmd" before it', 'attach exec -- CMD'],
  ['exec A=hunter2 -- cmd', 'exec takes its command after "--", found A=… before it', 'attach exec -- CMD'],
  ['cmd exec -- cmd', 'unknown command "cmd"', 'attach help'],
  ['failover', 'failover takes one key, and its candidates by --to', 'attach failover KEY --to=-'],
  ['failover A B --to C', 'failover takes one key, and its candidates by --to', 'attach failover KEY --to=-'],
  ['failover A=x://h --to C', 'failover takes a key and no value, found A=…', 'attach help failover'],
  ['failover A', 'failover needs candidates: --to HANDLE, --to KEY or --to -', 'attach failover KEY --to=-'],
  ['failover A --to', '--to needs a value', '--to=HANDLE'],
  ['failover A --to B --to pa$$word', 'candidate 2 is neither a handle nor a key', 'attach failover KEY --to=- < FILE'],
  ['failover A --to B,C', 'candidate 1 is neither a handle nor a key', 'attach failover KEY --to=- < FILE'],
  ['failover A --to - --to /dev/stdin', 'stdin can be read once, and --to - and --to - ask for it', 'attach failover KEY --to=- < FILE'],
  ['failover A --to B --no-probe', 'failover does not take --no-probe; attach, swap, rollback, undo do', 'attach help failover'],
  ['failover A --to B --from-env A=V', 'failover does not take --from-env; attach, swap, compare do', 'attach help failover'],
  ['swap A --to B', 'swap does not take --to; failover does', 'attach help swap'],
  ['switchover', 'unknown command "switchover"; did you mean "failover"?', 'attach help failover'],
  ['run npm start', 'unknown command "run"; did you mean "exec"?', 'attach help exec'],
  [
    'exec --json -- cmd',
    'exec does not take --json; attach, swap, failover, detach, rollback, undo, status, probe, wait, compare, log, where, recover, init, help, version do',
    'attach help exec',
  ],
  [
    'exec --timeout 3 -- cmd',
    'exec does not take --timeout; attach, swap, failover, detach, rollback, undo, status, probe, wait, compare, log, recover do',
    'attach help exec',
  ],
  ['exec -y -- cmd', 'exec does not take --yes; attach, swap, failover, detach, rollback, undo, recover, init do', 'attach help exec'],
  [
    'help --deploy x',
    'help does not take --deploy; attach, swap, failover, detach, rollback, undo, status, probe, wait, compare, log, recover, exec do',
    'attach help help',
  ],
]

test.each(REFUSED)('"%s" is refused: %s', (line, message, hint) => {
  const error = refusal(line.split(' '))
  expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({ code: 'USAGE', message, hint })
})

test('an option with an empty value is refused, for a variable that is not set must not choose the default deploy', () => {
  expect(refusal(['status', '-d', '']).message).toBe('--deploy needs a value')
  expect(refusal(['swap', 'A', '--password', '']).message).toBe('--password needs a value')
})

test('the detach binary needs a key', () => {
  expect(refusal([], world('detach')).message).toBe('detach needs KEY')
})

describe('the keys of the config', () => {
  const never = world('attach', () => expect.fail('the config was read'))
  const lines = [
    '',
    'A=postgres://h',
    'A',
    'swap A',
    'detach a_key',
    'status',
    'probe postgres://h/d?a=b',
    'probe A',
    'compare A=x://h',
    'compare x://h A',
    'rollback v1',
    'help statsu',
    'x --help',
    'my-key= --version',
  ]

  test.each(lines)('are not read for "%s"', (line) => {
    try {
      read(
        line.split(' ').filter((word) => word !== ''),
        never,
      )
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE' })
    }
  })

  test.each(['queue', 'cache-url=x', 'statsu', 'probe lower lower2', 'swap a b c'])('are read once for "%s"', (line) => {
    let reads = 0
    const counting = world('attach', () => {
      reads++
      return KEYS
    })
    try {
      read(line.split(' '), counting)
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE' })
    }
    expect(reads).toBe(1)
  })
})

test('a line that is not understood can still ask for JSON', () => {
  expect(asksJson(['--bogus', '--json'])).toBe(true)
  expect(asksJson(['status', '-m=--json'])).toBe(false)
  expect(asksJson(['status', '--', '--json'])).toBe(false)
})

describe('whatever stands in a command line', () => {
  const names = OPTIONS.map((option) => `--${option.name}`)
  const shorts = OPTIONS.flatMap((option) => ('short' in option ? [`-${option.short}`] : []))
  const verbs = VERBS.map((verb) => verb.name)
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom<string>(
      ...names,
      ...shorts,
      ...verbs,
      '--',
      '-',
      'A',
      'A=-',
      'A=x://h',
      'x://h',
      'v3',
      'queue',
      '__proto__',
      '--__proto__',
    ),
    fc
      .tuple(fc.constantFrom<string>(...names, ...shorts, '--toString', '-'), fc.constantFrom('', '='), fc.string({ maxLength: 6 }))
      .map((parts) => parts.join('')),
  )

  test('it is a command or USAGE, and never anything else', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.constantFrom('attach' as const, 'detach' as const), (line, binary) => {
        try {
          expect([...verbs, 'alone']).toContain(read(line, world(binary)).verb)
        } catch (error) {
          expect(error).toBeInstanceOf(AttachError)
          expect(error).toMatchObject({ code: 'USAGE', hint: expect.any(String) })
        }
      }),
      { numRuns: 3000 },
    )
  })

  const CANARY = 'Kanarienvogel7'
  const LONG = `${CANARY}${'x'.repeat(60)}`
  const hiding = fc.oneof(
    fc.constantFrom(
      ...['--pasword', '--kid', '--x', '--from-enw', '--deploi'].map((name) => `${name}=${CANARY}`),
      `--json=${CANARY}`,
      `-x${CANARY}`,
      `-q5${CANARY}`,
      `-q=${CANARY}`,
      `A=${CANARY}`,
      `DATABASE_URL=postgres://u:${CANARY}@h/d`,
      `my-key=${CANARY}`,
      `%%=${CANARY}`,
      `=${CANARY}`,
      `postgres://u:${CANARY}@h/d?sslmode=${CANARY}`,
      `${CANARY}://h`,
      `u:${CANARY}@h`,
      `${CANARY}!`,
      LONG,
      `--${LONG}`,
      `${LONG}=x`,
      `v${LONG}`,
    ),
    fc.constantFrom<string>(...names).map((name) => `${name}=${CANARY}`),
    fc.constantFrom<string>(...names).map((name) => `${name}=${CANARY}=${CANARY},${CANARY}`),
    fc.constantFrom<string>(...names).map((name) => `${name}=A=${CANARY}!`),
    fc.constantFrom<string>(...shorts).map((short) => `${short}${CANARY}/`),
  )

  test('no message and no hint holds a value from it', () => {
    let refused = 0
    fc.assert(
      fc.property(
        fc.array(fc.oneof(hiding, word), { minLength: 1, maxLength: 5 }),
        fc.constantFrom('attach' as const, 'detach' as const),
        (line, binary) => {
          try {
            expect(JSON.stringify(read(line, world(binary)))).toBeTypeOf('string')
          } catch (error) {
            refused++
            if (!(error instanceof AttachError)) throw error
            expect(`${error.message}\n${error.hint}\n${error.stack}\n${String(error.cause)}`).not.toContain(CANARY)
          }
        },
      ),
      { numRuns: 5000 },
    )
    expect(refused).toBeGreaterThan(2000)
  })

  test('a value that follows a key, a pair or a misspelt option is not shown, however plain it is', () => {
    const plain = 'hunter2'
    for (const line of [
      `A ${plain}`,
      `A=b ${plain}`,
      `swap A ${plain}`,
      `swap A=b ${plain}`,
      `--pasword ${plain}`,
      `--x ${plain}`,
      `x://h ${plain}`,
    ]) {
      const { message, hint } = refusal(line.split(' '))
      expect(`${line}: ${message} ${hint}`.slice(line.length + 1)).not.toContain(plain)
    }
  })
})
