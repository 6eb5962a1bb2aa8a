import type { Survey, Told } from '../../../domain/survey.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking } from '../../asking.ts'
import { isAmazon } from '../endpoint.ts'
import { clockOf, regionOf } from '../failure.ts'
import type { S3 } from '../handle.ts'
import { type Live, listing } from '../probe.ts'
import { childOf, childrenOf, textOf } from '../xml.ts'
import { surveyContent } from './content.ts'
import { inquire, shown } from './questions.ts'
import { surveySettings } from './settings.ts'
import type { S3Facts } from './sides.ts'

/** What a bucket tells of itself. Reads lists and settings, and no object. */
export async function surveyS3(live: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  // Not by HEAD: after an answer to it that tells no length the connection is closed, and the next one would be measured with it.
  const roundTripMs = await asking.roundTrip((exchange) => live.conversation.ask(listing(live.s3, 1), exchange))
  const place = await placeOf(asking, live, context)
  const account = await accountOf(asking, live)
  const { prefix } = live.s3
  const identity = identityOf(place, account, live.s3)
  const content = await surveyContent(asking, live, context.against)
  const facts: S3Facts = {
    identity,
    name: place.name,
    owner: 'is' in account ? { is: account.is.owner } : account,
    region: place.region,
    aheadMs: place.aheadMs,
    ...content,
    ...(await surveySettings(asking, live)),
  }
  return {
    kind: 's3',
    takenAt: new Date(context.today()).toISOString(),
    resource: identity,
    roundTripMs,
    position: { unknown: 'a store of objects counts no position' },
    newest: newestOf(content.objects, prefix),
    facts,
  }
}

interface Place {
  readonly name: Told<string>
  readonly region: Told<string>
  readonly aheadMs: Told<number>
  /** Amazon itself answers there. */
  readonly isAmazon: boolean
}

/** What one short list tells beside what stands in it. */
async function placeOf(asking: Asking, live: Live, { today }: SurveyContext): Promise<Place> {
  const told = await inquire(asking, live, {
    question: listing(live.s3, 1),
    root: 'ListBucketResult',
    right: 's3:ListBucket',
    read: (document, answer) => {
      const at = clockOf(answer)
      return {
        name: shown(textOf(document, 'Name') ?? '', live),
        region: regionOf(answer),
        aheadMs: at === null ? null : at - today(),
        isAmazon: answer.headers['server'] === 'AmazonS3' && isAmazon(live.s3.endpoint.host),
      }
    },
  })
  if (!('is' in told)) return { name: told, region: told, aheadMs: told, isAmazon: false }
  const { name, region, aheadMs, isAmazon: amazons } = told.is
  return {
    name: { is: name },
    region: region === null ? await locationOf(asking, live) : { is: region },
    aheadMs: aheadMs === null ? { unknown: 'the server does not tell its time' } : { is: aheadMs },
    isAmazon: amazons,
  }
}

/** No word is us-east-1, by the oldest rule of all. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
const locationOf = (asking: Asking, live: Live): Promise<Told<string>> =>
  inquire(asking, live, {
    question: { method: 'GET', query: [['location', '']] },
    root: 'LocationConstraint',
    right: 's3:GetBucketLocation',
    read: ({ text }) => (text === '' ? 'us-east-1' : text === 'EU' ? 'eu-west-1' : shown(text, live)),
  })

interface Account {
  readonly owner: string
  /** When the bucket was made, as the server tells it. Null: it is not among those that are listed. */
  readonly made: string | null
}

const accountOf = (asking: Asking, live: Live): Promise<Told<Account>> =>
  inquire(asking, live, {
    question: { method: 'GET', key: null },
    root: 'ListAllMyBucketsResult',
    right: 's3:ListAllMyBuckets',
    read: (document) => {
      const owner = textOf(document, 'Owner', 'ID')
      if (owner === null) throw new Error('no owner')
      const buckets = childOf(document, 'Buckets')
      const bucket =
        buckets === undefined ? undefined : childrenOf(buckets, 'Bucket').find((each) => textOf(each, 'Name') === live.s3.bucket)
      const made = bucket === undefined ? null : textOf(bucket, 'CreationDate')
      return { owner: shown(owner, live), made: made === null ? null : shown(made, live) }
    },
  })

/**
 * Amazon's names are unique among all buckets of a partition, so the name that it tells is enough, less that of an access point. Elsewhere any server may
 * have a bucket of that name: its owner and the time when it was made tell them apart, where the key may list buckets.
 */
export function identityOf(
  { name, region, isAmazon: amazons }: Pick<Place, 'name' | 'region' | 'isAmazon'>,
  account: Told<Account>,
  { prefix, bucket }: Pick<S3, 'prefix' | 'bucket'>,
): Told<string> {
  if (!('is' in name)) return name
  if (name.is !== bucket) return { unknown: 'the server tells the bucket by another name' }
  const under = prefix === '' ? '' : ` under ${prefix}`
  if (amazons && 'is' in region && !name.is.endsWith('-s3alias')) return { is: `${partitionOf(region.is)} ${name.is}${under}` }
  if (!('is' in account)) return { unknown: `only a list of buckets would tell one ${name.is} from another, and ${account.unknown}` }
  const { owner, made } = account.is
  if (made === null) return { unknown: 'the bucket is not among those that the server lists for the key' }
  return { is: `${owner} ${name.is} of ${made}${under}` }
}

const partitionOf = (region: string): string => (region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws')

function newestOf(objects: S3Facts['objects'], prefix: string): Told<string> {
  if (!('is' in objects)) return objects
  const { newest, isWhole } = objects.is
  if (!isWhole) return { unknown: 'there are more objects than are looked at' }
  return newest === null ? { unknown: `there is no object${prefix === '' ? '' : ' under the prefix'}` } : { is: newest }
}
