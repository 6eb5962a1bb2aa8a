import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { projectIn } from '../../../src/deploys/project/read.ts'
import { AttachError } from '../../../src/domain/errors.ts'

const AT = { path: '/srv/app/attach.yaml', label: 'attach.yaml' }
const KIB = 1024
const MOST = 256 * KIB

/** What is said of a text that is refused; null when it is read. Anything else that is thrown is a failure. */
async function said(text: string): Promise<string | null> {
  try {
    await projectIn(text, AT)
    return null
  } catch (error) {
    if (!(error instanceof AttachError) || error.code !== 'CONFIG_INVALID') throw error
    return `${error.message} ${error.hint}`
  }
}

const times = (text: string, size = MOST): string => text.repeat(Math.floor(size / text.length))
const laughs = (levels: string, width: number): string =>
  [...levels].map((name, at) => `${name}: &${name} [${Array(width).fill(at === 0 ? 'x' : `*${levels[at - 1]}`)}]`).join('\n')

const BOMBS: readonly (readonly [title: string, text: string, says: RegExp])[] = [
  ['ten thousand brackets', times('[', 10_000), /nested more than 32 deep/],
  ['as many brackets as fit', times('['), /more than 50000 pieces/],
  ['brackets that close', times('[', 40_000) + times(']', 40_000), /more than 50000 pieces/],
  ['braces', times('{a: ', 20_000), /nested more than 32 deep/],
  ['lists in lists on one line', times('- ', 40_000), /nested more than 32 deep/],
  ['keys of keys', times('? ', 40_000), /nested more than 32 deep/],
  ['mappings in mappings', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /nested more than 32 deep/],
  ['a billion laughs', laughs('abcdefghi', 9), /more than 20000 values/],
  ['a mapping of laughs', `deploys: &z { p: { config: x } }\n${laughs('abcdefghi', 9)}`, /more than 20000 values/],
  ['quadratic laughs', `a: &a [${times('x,', 8_000)}]\nb: [${times('*a,', 9_000)}]`, /more than 20000 values/],
  [
    'a chain of aliases',
    Array.from({ length: 60 }, (_, at) => `a${at}: &a${at} [${at === 0 ? 'x' : `*a${at - 1}`}]`).join('\n'),
    /nested more than 32 deep, aliases counted/,
  ],
  ['anchors without end', times('&a '), /more than 50000 pieces|YAML does not expect/],
  ['tags without end', times('!a '), /a tag|more than 50000 pieces/],
  ['documents without end', times('---\n'), /a second document|more than 50000 pieces/],
  ['quotes', times('"'), /more than 50000 pieces/],
  ['commas', `[${times(',', 200 * KIB)}]`, /more than 50000 pieces/],
  ['colons', times(':'), /1024 characters/],
  ['tabs', times('\t'), /expected a mapping/],
  ['line ends', times('\n'), /more than 50000 pieces/],
  ['very many keys', Array.from({ length: 6_000 }, (_, at) => `k${at}: x`).join('\n'), /5999 more errors follow/],
  [
    'very many deploys that are wrong',
    `deploys:\n${Array.from({ length: 5_000 }, (_, at) => `  d${at}: x`).join('\n')}`,
    /4999 more errors follow/,
  ],
  [
    'very many resources that are wrong',
    `deploys: {a: {config: b}}\nresources:\n${Array.from({ length: 3_000 }, (_, at) => `  D${at}: {x: 1}`).join('\n')}`,
    /2999 more errors follow/,
  ],
  ['a very long key', `${times('k')}: x`, /1024 characters|missing here|different lines/],
  ['a very long text', `default: ${times('d')}`, /deploys is missing/],
]

describe('a file that asks for too much work', () => {
  test.each(BOMBS)('%s is refused with a sentence, in bounded time', async (_, text, says) => {
    const start = performance.now()
    expect(await said(text)).toMatch(says)
    expect(performance.now() - start).toBeLessThan(5_000) // About 0.5 s at most on a machine that does nothing else.
  })

  test('very many deploys are read, and names in a message are bounded', async () => {
    const many = `deploys:\n${Array.from({ length: 2_000 }, (_, at) => `  d${at}: { config: .env.${at} }`).join('\n')}`
    const { deploys, usual } = await projectIn(many, AT)
    expect({ count: deploys.length, usual }).toEqual({ count: 2_000, usual: null })
    expect((await said(`${many}\ndefault: no`))?.length).toBeLessThan(400)
  })
})

const CANARY = 'S3cr3t-c4nary'
/** With what makes a text hard to carry: it is quoted as YAML wants it. */
const LOUD = `${CANARY}: "#[{\u001b[31m@/\\`

const word = fc.constantFrom(
  ...['default', 'deploys', 'resources', 'config', 'protected', 'readers', 'hook', 'health', 'on-failure', 'run', 'timeout'],
  ...['url', 'status', 'body', 'successes', 'interval', 'kind', 'expect', 'production', 'a', 'DATABASE_URL'],
)
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    CANARY,
    LOUD,
    `http://app:${CANARY}@host/`,
    `x ${CANARY}`,
    null,
    true,
    0,
    1,
    30,
    -1,
    1.5,
    '',
    ' ',
    'postgres',
    '.env',
    '30s',
  ),
  fc.string({ maxLength: 12 }),
  fc.double({ noNaN: true }),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: fc.constantFrom(CANARY, LOUD, '__proto__', '<<') }),
      tie('tree'),
      { maxKeys: 5 },
    ),
  ),
}))
/** Mostly right, so that what is wrong lies deep. */
const project = fc.record(
  {
    default: fc.oneof(word, tree),
    deploys: fc.dictionary(
      fc.constantFrom('production', 'staging', 'a'),
      fc.oneof(
        { weight: 1, arbitrary: tree },
        {
          weight: 5,
          arbitrary: fc.record(
            {
              config: fc.oneof(fc.constantFrom('.env', '.env.a', CANARY), tree),
              protected: fc.oneof(fc.boolean(), scalar),
              readers: fc.oneof(fc.array(fc.constantFrom('dotenv', 'compose', CANARY), { maxLength: 3 }), tree),
              hook: tree,
              health: fc.oneof(
                fc.record({ url: scalar, status: scalar, run: tree, timeout: scalar, [CANARY]: scalar }, { requiredKeys: [] }),
                tree,
              ),
              'on-failure': scalar,
              [CANARY]: scalar,
            },
            { requiredKeys: ['config'] },
          ),
        },
      ),
      { maxKeys: 3 },
    ),
    resources: fc.oneof(
      fc.dictionary(fc.constantFrom('DATABASE_URL', 'a-b.c'), fc.record({ kind: scalar, expect: scalar }, { requiredKeys: [] })),
      tree,
    ),
    [CANARY]: scalar,
  },
  { requiredKeys: ['deploys'] },
)

describe('whatever a file holds', () => {
  const quiet = (text: string | null): void => {
    if (text === null) return
    expect(text).not.toContain('c4nary')
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text).toMatch(/^attach\.yaml:\d+:\d+: .+; nothing was contacted /)
  }

  test('it is read, or refused with a sentence that holds nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(project, async (data) => quiet(await said(stringify(data)))),
      { numRuns: 400 },
    )
  })

  test('also when a piece of it is broken', async () => {
    const piece = fc.constantFrom(
      ...[
        '[',
        '{',
        '"',
        "'",
        ':',
        ' ',
        '\n',
        '\t',
        '!',
        '&a',
        '*a',
        '%',
        '#',
        '---\n',
        '|',
        '>',
        '\0',
        '@',
        ',',
        '- ',
        '? ',
        '<<: ',
        '!!',
        '\u2028',
        '\ud800',
      ],
      CANARY,
      ` ${CANARY} `,
    )
    const broken = fc.tuple(project, fc.array(fc.tuple(fc.nat(), fc.nat(9), piece), { minLength: 1, maxLength: 4 })).map(([data, cuts]) =>
      cuts.reduce((text, [at, length, put]) => {
        const from = at % (text.length + 1)
        return text.slice(0, from) + put + text.slice(from + length)
      }, stringify(data)),
    )
    // A name of a deploy or a variable may be shown: a canary that a cut leaves in such a place is no secret.
    await fc.assert(
      fc.asyncProperty(broken, async (text) => {
        const found = await said(text)
        if (found !== null && !/(?:deploys|resources)\.[\w.-]*c4nary/.test(found)) quiet(found)
      }),
      { numRuns: 400 },
    )
  })

  test('and whatever the text', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc
        .array(fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '}', ']', '"', '&', '*', '!', '|', '?', ',', '#', '%', '\t', '\r'), {
          maxLength: 60,
        })
        .map((parts) => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => quiet(await said(text))),
      { numRuns: 1_000 },
    )
  })
})
