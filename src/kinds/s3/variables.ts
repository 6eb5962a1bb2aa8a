import type { VariableSet } from '../../domain/variables.ts'

/** What the SDKs of Amazon, and frameworks, read a bucket from; and those of one add-on, which stand beside them and do not mix. */
export const S3_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      bucket: ['S3_BUCKET', 'S3_BUCKET_NAME', 'AWS_BUCKET', 'AWS_S3_BUCKET', 'AWS_STORAGE_BUCKET_NAME', 'BUCKET_NAME'],
      key: ['AWS_ACCESS_KEY_ID', 'S3_ACCESS_KEY_ID', 'S3_ACCESS_KEY', 'S3_KEY'],
      secret: ['AWS_SECRET_ACCESS_KEY', 'S3_SECRET_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_SECRET'],
      session: ['AWS_SESSION_TOKEN'],
      region: ['AWS_REGION', 'AWS_DEFAULT_REGION', 'S3_REGION', 'AWS_S3_REGION_NAME'],
      endpoint: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'S3_ENDPOINT', 'S3_ENDPOINT_URL', 'AWS_S3_ENDPOINT_URL', 'MINIO_ENDPOINT'],
      path_style: ['AWS_USE_PATH_STYLE_ENDPOINT', 'S3_FORCE_PATH_STYLE'],
    },
    needs: ['bucket', 'key', 'secret'],
    shared: [
      ...['BUCKET_NAME', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
      ...['AWS_ENDPOINT_URL'],
    ],
  },
  {
    parts: {
      bucket: ['BUCKETEER_BUCKET_NAME'],
      key: ['BUCKETEER_AWS_ACCESS_KEY_ID'],
      secret: ['BUCKETEER_AWS_SECRET_ACCESS_KEY'],
      region: ['BUCKETEER_AWS_REGION'],
    },
    needs: ['bucket', 'key', 'secret'],
  },
]
