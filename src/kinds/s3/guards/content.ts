import type { Survey, Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { Asking } from '../../asking.ts'
import { type Live, listing } from '../probe.ts'
import { childrenOf, type Element, textOf } from '../xml.ts'
import { inquire } from './questions.ts'
import type { Content, S3Facts } from './sides.ts'

/** As many as one answer holds. */
const PAGE = 1_000
/** 10,000 objects are looked at, and not more. */
const PAGES_MAX = 10
/** Of so many it is kept which they are. */
const FIRST = 1_000

interface Item {
  /** Under the prefix. */
  readonly name: string
  readonly size: number
  /** Without its quotes. Empty: not told. */
  readonly tag: string
  /** Milliseconds since 1970. */
  readonly at: number
}

interface Page {
  readonly items: readonly Item[]
  /** Where the next one begins. Null: it is the last one. */
  readonly next: string | null
}

interface Seen {
  readonly items: readonly Item[]
  readonly isWhole: boolean
}

/** What stands there, and how much of what stands in the other one. */
export async function surveyContent(asking: Asking, live: Live, against: Promise<Survey | null>): Promise<Content> {
  const seen = await lookAt(asking, live)
  if (!('is' in seen)) return { objects: seen, first: seen, sample: seen }
  const { items, isWhole } = seen.is
  const newest = items.reduce<number | null>((latest, { at }) => (latest === null || at > latest ? at : latest), null)
  return {
    objects: {
      is: {
        count: items.length,
        bytes: items.reduce((sum, { size }) => sum + size, 0),
        isWhole,
        newest: newest === null ? null : new Date(newest).toISOString(),
      },
    },
    first: { is: items.slice(0, FIRST).map(({ name, size, tag }) => [name, size, tag]) },
    sample: sampleOf(await asking.other(against), seen.is, live),
  }
}

async function lookAt(asking: Asking, live: Live): Promise<Told<Seen>> {
  const items: Item[] = []
  let after: string | null = null
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const told: Told<Page> = await pageAfter(asking, live, after)
    // What was seen is what there is to say; that there is more is told with it.
    if (!('is' in told)) return page === 0 ? told : { is: { items, isWhole: false } }
    items.push(...told.is.items)
    if (told.is.next === null) return { is: { items, isWhole: true } }
    if (told.is.items.length === 0 || told.is.next === after) return { is: { items, isWhole: false } }
    after = told.is.next
  }
  return { is: { items, isWhole: false } }
}

const pageAfter = (asking: Asking, live: Live, after: string | null): Promise<Told<Page>> =>
  inquire(asking, live, {
    question: listing(live.s3, PAGE, [['encoding-type', 'url'], ...(after === null ? [] : [['continuation-token', after] as const])]),
    root: 'ListBucketResult',
    right: 's3:ListBucket',
    read: (document) => {
      const isEncoded = textOf(document, 'EncodingType') === 'url'
      const next = textOf(document, 'NextContinuationToken')
      const isCut = textOf(document, 'IsTruncated') === 'true'
      if (isCut && next === null) throw new Error('more, and nothing that leads there')
      return { items: childrenOf(document, 'Contents').map((entry) => itemOf(entry, live.s3.prefix, isEncoded)), next: isCut ? next : null }
    },
  })

/** Throws where it is no object of the prefix. */
function itemOf(entry: Element, prefix: string, isEncoded: boolean): Item {
  const raw = textOf(entry, 'Key') ?? ''
  const key = isEncoded ? decodeURIComponent(raw.replaceAll('+', ' ')) : raw
  const [size, at] = [Number(textOf(entry, 'Size') ?? Number.NaN), Date.parse(textOf(entry, 'LastModified') ?? '')]
  if (key === '' || !key.startsWith(prefix) || !Number.isSafeInteger(size) || size < 0 || Number.isNaN(at)) throw new Error('no object')
  return { name: key.slice(prefix.length), size, tag: (textOf(entry, 'ETag') ?? '').replaceAll('"', ''), at }
}

/** An MD5 of the content. Of an upload in parts, or under keys of KMS, it says nothing. */
const isDigest = (tag: string): boolean => /^[0-9a-f]{32}$/.test(tag)

/** How many of the first of the other one stand here. Those behind the last that was seen here are not asked about. */
function sampleOf(against: Survey | null, { items, isWhole }: Seen, { secrets }: Live): S3Facts['sample'] {
  const first = against?.kind === 's3' ? (against.facts as S3Facts).first : null // Made by this survey, or by `decode`.
  if (first === null) return { unknown: 'no objects of the old one are known' }
  if (!('is' in first)) return { unknown: `the old one: ${first.unknown}` }
  const here = new Map(items.map((item) => [item.name, item]))
  const last = items.at(-1)?.name
  const asked = isWhole || last === undefined ? first.is : first.is.filter(([name]) => here.has(name) || isBefore(name, last))
  const absent = asked.filter(([name]) => !here.has(name))
  const pairs = asked.flatMap(([name, size, tag]) => {
    const item = here.get(name)
    return item === undefined
      ? []
      : [{ isResized: item.size !== size, isRetagged: isDigest(tag) && isDigest(item.tag) && item.tag !== tag }]
  })
  return {
    is: {
      asked: asked.length,
      found: pairs.length,
      missing: absent.slice(0, 3).map(([name]) => harmless(name, secrets) ?? 'a name that cannot be shown'),
      resized: pairs.filter(({ isResized }) => isResized).length,
      retagged: pairs.filter(({ isResized, isRetagged }) => isRetagged && !isResized).length,
    },
  }
}

/** Stores list in the order of UTF-8. */
const isBefore = (name: string, other: string): boolean => Buffer.compare(Buffer.from(name), Buffer.from(other)) < 0
