import type { Asking } from '../../asking.ts'
import type { Live } from '../probe.ts'
import { childOf, childrenOf, type Element, textOf } from '../xml.ts'
import { inquire, shown } from './questions.ts'
import type { Settings } from './sides.ts'

/** A server that does not know such a thing has none of it. */
const UNHEARD_OF = 'NotImplemented'

const RULES_MAX = 100

/** How the bucket is set up. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
export async function surveySettings(asking: Asking, live: Live): Promise<Settings> {
  const of = (name: string) => ({ method: 'GET', query: [[name, '']] }) as const
  return {
    versioning: await inquire(asking, live, {
      question: of('versioning'),
      root: 'VersioningConfiguration',
      right: 's3:GetBucketVersioning',
      read: (document) => versioningOf(textOf(document, 'Status')),
      absent: { codes: [UNHEARD_OF], is: 'none' },
    }),
    encryption: await inquire(asking, live, {
      question: of('encryption'),
      root: 'ServerSideEncryptionConfiguration',
      right: 's3:GetEncryptionConfiguration',
      read: (document) => algorithmOf(document, live),
      absent: { codes: ['ServerSideEncryptionConfigurationNotFoundError'], is: 'none' },
    }),
    cors: await inquire(asking, live, {
      question: of('cors'),
      root: 'CORSConfiguration',
      right: 's3:GetBucketCORS',
      read: (document) => originsOf(document, live),
      absent: { codes: ['NoSuchCORSConfiguration', UNHEARD_OF], is: [] },
    }),
    lifecycle: await inquire(asking, live, {
      question: of('lifecycle'),
      root: 'LifecycleConfiguration',
      right: 's3:GetLifecycleConfiguration',
      read: (document) => rulesOf(document, live),
      absent: { codes: ['NoSuchLifecycleConfiguration', UNHEARD_OF], is: [] },
    }),
    isBlocked: await inquire(asking, live, {
      question: of('publicAccessBlock'),
      root: 'PublicAccessBlockConfiguration',
      right: 's3:GetBucketPublicAccessBlock',
      read: (document) => document.children.length > 0 && document.children.every(({ text }) => text.toLowerCase() === 'true'),
      absent: { codes: ['NoSuchPublicAccessBlockConfiguration'], is: false },
    }),
    isPublic: await inquire(asking, live, {
      question: of('policyStatus'),
      root: 'PolicyStatus',
      right: 's3:GetBucketPolicyStatus',
      read: (document) => textOf(document, 'IsPublic')?.toLowerCase() === 'true',
      absent: { codes: ['NoSuchBucketPolicy'], is: false },
    }),
    objectLock: await inquire(asking, live, {
      question: of('object-lock'),
      root: 'ObjectLockConfiguration',
      right: 's3:GetBucketObjectLockConfiguration',
      read: (document) => textOf(document, 'ObjectLockEnabled') === 'Enabled',
      absent: { codes: ['ObjectLockConfigurationNotFoundError', UNHEARD_OF], is: false },
    }),
  }
}

function versioningOf(status: string | null) {
  if (status === null) return 'none'
  if (status === 'Enabled') return 'enabled'
  if (status === 'Suspended') return 'suspended'
  throw new Error('another word')
}

function algorithmOf(document: Element, live: Live): string {
  const rule = childOf(document, 'Rule')
  const algorithm = rule === undefined ? null : textOf(rule, 'ApplyServerSideEncryptionByDefault', 'SSEAlgorithm')
  return algorithm === null ? 'none' : shown(algorithm, live)
}

function originsOf(document: Element, live: Live): string[] {
  const rules = childrenOf(document, 'CORSRule').slice(0, RULES_MAX)
  const pairs = rules.flatMap((rule) =>
    childrenOf(rule, 'AllowedOrigin').flatMap(({ text: origin }) =>
      childrenOf(rule, 'AllowedMethod').map(({ text: method }) => shown(`${method} ${origin}`, live)),
    ),
  )
  return [...new Set(pairs)].sort()
}

/** What is done to objects, in words that do not depend on the names of rules. */
function rulesOf(document: Element, live: Live): string[] {
  const rules = childrenOf(document, 'Rule').filter((rule) => textOf(rule, 'Status') === 'Enabled')
  const words = rules.slice(0, RULES_MAX).flatMap((rule) => {
    const prefix = textOf(rule, 'Filter', 'Prefix') ?? textOf(rule, 'Filter', 'And', 'Prefix') ?? textOf(rule, 'Prefix')
    const where = prefix === null ? '' : ` under ${prefix}`
    return ACTIONS.flatMap(([name, what]) => childrenOf(rule, name).map((action) => shown(`${what}${whenOf(action)}${where}`, live)))
  })
  return [...new Set(words)].sort()
}

const ACTIONS: readonly (readonly [element: string, what: string])[] = [
  ['Expiration', 'expire'],
  ['NoncurrentVersionExpiration', 'expire old versions'],
  ['Transition', 'move to another class'],
  ['NoncurrentVersionTransition', 'move old versions to another class'],
  ['AbortIncompleteMultipartUpload', 'drop unfinished uploads'],
]

function whenOf(action: Element): string {
  const days = textOf(action, 'Days') ?? textOf(action, 'NoncurrentDays') ?? textOf(action, 'DaysAfterInitiation')
  const date = textOf(action, 'Date')
  return days !== null ? ` after ${days} days` : date !== null ? ` on ${date}` : ''
}
