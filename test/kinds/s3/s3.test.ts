import s3 from '../../../src/kinds/s3/s3.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import type { Behaviour } from '../../support/liars.ts'
import { haveS3rver, s3Handle, startS3 } from '../../support/s3.ts'
import { startGateAlone } from '../../support/s3-gate-alone.ts'

const encoded = encodeURIComponent(PASSWORD)
const at = (endpoint: string) => `s3://AKIAEXAMPLE:${encoded}@shop?endpoint=${encodeURIComponent(endpoint)}`

/** A HEAD has no body; what is asked then is told why. */
const refuses =
  (text: string): Behaviour =>
  (socket) => {
    const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    const body = `<Error><Code>AccessDenied</Code><Message>${escaped}</Message></Error>`
    const head = `HTTP/1.1 403 Forbidden\r\nx-amz-request-id: 1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
    socket.on('data', (asked) => socket.write(asked.toString('latin1').startsWith('HEAD ') ? head : `${head}${body}`))
  }

describeKind({
  kind: s3,
  valid: [
    [
      's3://K:S@shop',
      { host: 's3.us-east-1.amazonaws.com', port: 443, name: 'shop', user: 'K', tls: 'verify-full', provider: 'Amazon S3' },
    ],
    ['s3://K:a%2Fb%2Bc%3D@shop/in/voices/?region=eu-west-1', { host: 's3.eu-west-1.amazonaws.com', name: 'shop/in/voices/' }],
    ['s3://K:a+b=@shop?region=cn-north-1', { host: 's3.cn-north-1.amazonaws.com.cn', provider: 'Amazon S3' }],
    ['s3://shop?region=eu-west-1', { name: 'shop' }],
    ['S3://K:S@My_Old.Bucket', { scheme: 's3', name: 'My_Old.Bucket' }],
    ['s3://K:S@shop?endpoint=http%3A%2F%2F127.0.0.1%3A9000', { host: '127.0.0.1', port: 9000, tls: 'disable' }],
    ['s3://K:S@shop?endpoint=https://0123.r2.cloudflarestorage.com', { provider: 'Cloudflare R2', port: 443 }],
    ['s3://K:S@shop?endpoint=https://fra1.digitaloceanspaces.com', { provider: 'DigitalOcean Spaces' }],
    ['s3://K:S@shop?endpoint=https://s3.us-west-004.backblazeb2.com', { provider: 'Backblaze B2' }],
    ['s3://K:S@shop?endpoint=https://s3.eu-central-1.wasabisys.com', { provider: 'Wasabi' }],
    ['s3://K:S@shop?endpoint=https://s3.fr-par.scw.cloud', { provider: 'Scaleway' }],
    ['s3://K:S@shop?endpoint=https://abc.supabase.co/storage/v1/s3', { provider: 'Supabase' }],
    ['minio://K:S@minio/shop', { host: 'minio', port: 9000, name: 'shop', tls: 'disable' }],
    ['minio://K:S@minio:9443/shop/a?secure=true', { port: 9443, name: 'shop/a', tls: 'verify-full' }],
    ['s3+http://K:S@localhost:4566/shop', { host: 'localhost', port: 4566, tls: 'disable' }],
    ['s3+https://K:S@store.example/shop', { host: 'store.example', port: 443, tls: 'verify-full' }],
    ['s3+https://K:S@[::1]:9000/shop?ca=/etc/ca.pem', { host: '::1', port: 9000 }],
  ],
  invalid: ['s3://', 'http://h/shop', 's3://K:S@minio:9000/shop', 's3://K@shop', 'minio://K:S@h', ''],
  variables: [
    [
      { bucket: 'shop', key: 'K', secret: 'a/b+c=' },
      { name: 'shop', user: 'K', host: 's3.us-east-1.amazonaws.com' },
    ],
    [
      {
        ...{ bucket: 'shop', key: 'K', secret: 's3cr&t #', session: 'IQoJ/+==', region: 'auto' },
        ...{ endpoint: 'https://0123.r2.cloudflarestorage.com', path_style: 'false' },
      },
      { provider: 'Cloudflare R2', tls: 'verify-full' },
    ],
    [
      { bucket: 'shop', key: 'K', secret: 'S', endpoint: 'http://minio:9000', path_style: '1' },
      { host: 'minio', port: 9000 },
    ],
  ],
  at: (host, port) => at(`http://${host}:${port}`),
  tlsAt: (host, port) => at(`https://${host}:${port}`),
  protocol: 'HTTP',
  greeting: 'HTTP/1.1 200 OK\r\nx-amz-request-id: 1\r\n',
  flood: { first: 'HTTP/1.1 200 OK\r\nx-amz-request-id: ', chunk: 'x'.repeat(64 * 1024) },
  refusal: refuses,
  lacks: ['replica'],
  live: haveS3rver() ? open : null,
})

/** Signatures and rights are the work of the gate; buckets and lists are those of s3rver. */
async function open(): Promise<Live> {
  const server = await startS3()
  server.put('shop', 'a.txt', 'hello')
  const logins = new Map([
    ['APP', PASSWORD],
    ['NARROW', PASSWORD],
  ])
  const gate = await startGateAlone(server.port, { logins, listless: ['NARROW'] })
  const handle = (login: string, bucket = 'shop') => s3Handle(gate.port, { login, bucket })
  return {
    good: handle(`APP:${encoded}`),
    facts: {
      product: 'S3',
      role: 'unknown',
      writable: 'unknown',
      tls: null,
      more: { bucket: 'shop', region: 'us-east-1', addressed: 'by path' },
    },
    wrongPassword: handle(`APP:${encoded}x`),
    noPassword: handle(''),
    noSuchDatabase: handle(`APP:${encoded}`, 'nothing-here'),
    notAllowed: { handle: handle(`NARROW:${encoded}`), failedAt: 'use' },
    tlsNotOffered: handle(`APP:${encoded}`).replace('http%3A', 'https%3A'),
    [Symbol.asyncDispose]: async () => {
      await gate[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
