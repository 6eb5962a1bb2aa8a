/** The library door, for runbooks in TypeScript. */
export type { Change, Key, Value } from './domain/change.ts'
export type { Document } from './domain/document.ts'
export { AttachError, type ErrorCode, isAttachError } from './domain/errors.ts'
export { Secret } from './domain/secret.ts'
