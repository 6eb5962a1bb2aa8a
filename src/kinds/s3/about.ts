import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'Amazon S3 and stores that speak its API',
  forms: [
    ['s3://KEY:SECRET@BUCKET?region=eu-west-1', 'a bucket of Amazon; without region= us-east-1 is taken, and said'],
    ['s3://KEY:SECRET@BUCKET/PREFIX?endpoint=https://HOST', 'a bucket of any other store, and the objects under a prefix of it'],
    ['s3+https://KEY:SECRET@HOST/BUCKET', 'the same with the endpoint first; s3+http:// is without TLS'],
    ['minio://KEY:SECRET@HOST:9000/BUCKET', 'as s3+http:// on port 9000; ?secure=true is as s3+https://'],
    ['…&path_style=true', 'the bucket stands in the path, else in the host; usual is the host for Amazon and the path for an endpoint'],
    ['…&session_token=TOKEN', 'the token of temporary credentials'],
    ['s3://BUCKET?region=eu-west-1', 'nothing is signed: a bucket that is open to everyone'],
  ],
  tls: [
    ['https', 'encrypted, chain and host name are checked'],
    ['http', 'not encrypted; the secret itself is never sent, what is read and written can be seen'],
    ['ca=FILE', 'the authorities in that file instead of those that Node knows'],
  ],
  probed: [
    'A signed HEAD of the bucket (AWS Signature Version 4), over one connection; no redirect is followed',
    'A list of one object under the prefix; it also tells why a HEAD was refused, which has no body of its own',
    'Two buckets are compared by lists of up to 10,000 objects, by their settings where the key may read them, and by nothing inside an object',
  ],
  notProbed: [
    'Whether the key may write, read or delete objects: only a probe that writes tells (PUT, GET and DELETE of one small object)',
    'Whether an object can be read: list and read are two rights',
    'Objects after the first 10,000, and of the old bucket whether more than its first 1,000 stand in the new one',
    'Notifications, replication, inventory, tags, ACLs of objects, access points and ARNs; profiles and roles of a machine are not read',
    'One bucket behind two addresses is told by the list of buckets, which many keys may not ask for; sites that a MinIO replicates, its times too, look like one',
    'A baseline keeps the names, sizes and ETags of the first 1,000 objects',
  ],
  notRunHere: [
    'Amazon S3, MinIO, Cloudflare R2, DigitalOcean Spaces, Backblaze, Wasabi, Scaleway and LocalStack: no test contacts them',
    'Lists in pages, PUT, GET, DELETE, rules of browsers and many errors ran against s3rver, which checks keys and clocks and no version 4 signature',
    'Signatures are checked by the examples of the public documentation, and by a stand-in before s3rver that reckons each one again from what arrived',
    'Wrong regions, denied rights, expired tokens, versioning, encryption, lifecycle and locks come from that stand-in, made from the public documentation',
    'A bucket in the host was run against that stand-in over an open connection, and not by the names of Amazon',
  ],
}
