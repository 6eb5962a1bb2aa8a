import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, edited, editPath, editQuery, editUserinfo, encodePart } from '../../domain/handle-replace.ts'
import { queryText, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { bucketName, namesEndpoint, parseS3, S3_GRAMMAR } from './handle.ts'
import { nonEmpty } from './login.ts'

/**
 * The handle with these parts replaced and every other byte kept. `host` and `port` are those of the endpoint, `name` is the bucket, or bucket and prefix
 * with a / between; `user` and `password` are key and secret. Throws HANDLE_INVALID.
 */
export function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, S3_GRAMMAR)
  const secret = password?.reveal()
  const edits: Edit[] = [
    ...editUserinfo(split, { ...(user === undefined ? {} : { user }), ...(secret === undefined ? {} : { password: secret }) }),
  ]
  if (port !== undefined) checkPort(port)
  const place = { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }
  if (namesEndpoint(split)) edits.push(...editAuthority(split, place))
  else if (host !== undefined || port !== undefined) edits.push(endpointEdit(split, place))
  if (name !== undefined) edits.push(...nameEdits(split, name))
  const next = new Secret(edited(text, edits))
  parseS3(next)
  return next
}

type Split = ReturnType<typeof splitHandle>

function endpointEdit(split: Split, place: { readonly host?: string; readonly port?: string }): Edit {
  const text = queryText(split, 'endpoint')
  if (text === null) throw invalid('names no endpoint whose host could be replaced', 'give the whole handle, with endpoint=https://HOST')
  const inner = splitHandle(text, { schemes: ['https', 'http'], example: 'https://HOST', queryKeys: [], socketSchemes: [] })
  const edit = editQuery(split, 'endpoint', encodePart(edited(text, editAuthority(inner, place))))
  if (edit === null) throw invalid('names no endpoint whose host could be replaced', 'give the whole handle')
  return edit
}

function nameEdits(split: Split, name: string): readonly Edit[] {
  const slash = name.indexOf('/')
  const bucket = bucketName(slash < 0 ? name : name.slice(0, slash))
  const given =
    slash < 0
      ? null
      : name
          .slice(slash + 1)
          .split('/')
          .map(encodePart)
          .join('/')
  if (!namesEndpoint(split)) return [{ ...split.hostRange, text: bucket }, ...(given === null ? [] : [editPath(split, given)])]
  const raw = split.path?.raw ?? ''
  const prefix = given ?? (raw.includes('/') ? raw.slice(raw.indexOf('/') + 1) : null)
  return [editPath(split, prefix === null ? bucket : `${bucket}/${prefix}`)]
}

/** Query parts in the order in which they are written. */
const QUERY = [
  ['region', 'region'],
  ['endpoint', 'endpoint'],
  ['path_style', 'path_style'],
  ['session', 'session_token'],
] as const

/** `s3://KEY:SECRET@BUCKET?region=…&endpoint=…`. A part that is empty holds nothing. Throws HANDLE_INVALID. */
export function compose(parts: HandleVariables): Handle {
  const text = (name: string): string | null => nonEmpty(parts.get(name)?.reveal())
  const bucket = text('bucket')
  if (bucket === null) throw invalid('names no bucket', 'set S3_BUCKET')
  const [key, secret] = [text('key'), text('secret')]
  if (key === null || secret === null) throw invalid('has no key or no secret', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  const query = QUERY.flatMap(([part, name]) => {
    const value = text(part)
    return value === null ? [] : [`${name}=${encodePart(value)}`]
  })
  const login = `${encodePart(key)}:${encodePart(secret)}`
  const handle = new Secret(`s3://${login}@${encodePart(bucket)}${query.length === 0 ? '' : `?${query.join('&')}`}`)
  parseS3(handle)
  return handle
}

/** Throws HANDLE_INVALID for what no variable holds: a prefix, files, a bucket without a key. */
export function decompose(handle: Handle): HandleVariables {
  const { bucket, prefix, login, files, unknown, endpoint } = parseS3(handle)
  const split = splitHandle(handle.reveal(), S3_GRAMMAR)
  if (prefix !== '')
    throw invalid('has a prefix, which no variable holds', 'leave the prefix to the app, or keep the handle in one variable')
  if (files.ca !== undefined)
    throw invalid('names a ca, which no variable holds', 'let the machine trust it, or keep the handle in one variable')
  if (unknown.length > 0) throw invalid('has parameters that no variable holds', 'leave them out, or keep the handle in one variable')
  if (login === null) throw invalid('has no key, and the variables need one', 'write s3://KEY:SECRET@BUCKET')
  const asked = (name: string): string | null => nonEmpty(queryText(split, name))
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  const given = namesEndpoint(split) ? `${endpoint.tls === 'disable' ? 'http' : 'https'}://${host}:${endpoint.port}` : asked('endpoint')
  const all = [
    ['bucket', bucket],
    ['key', login.key],
    ['secret', login.secret.reveal()],
    ['session', login.session?.reveal() ?? null],
    ['region', asked('region')],
    ['endpoint', given],
    ['path_style', asked('path_style')],
  ] as const
  return new Map(all.flatMap(([part, value]) => (value === null ? [] : [[part, new Secret(value)] as const])))
}
