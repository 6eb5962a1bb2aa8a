import { exploration } from './exploration.ts'

const LIMIT_MS = 60_000

exploration('a writer, and a hand edit of its key', 1, LIMIT_MS)
exploration('a writer, and a hand edit of its second key', 1, LIMIT_MS)
exploration('a writer, and a hand that puts the old values back', 1, LIMIT_MS)
exploration('a writer, and a hand edit of another key', 1, LIMIT_MS)
exploration('a writer, recover, and a hand edit of the key', 0, LIMIT_MS)
exploration('a writer, recover, and a hand edit of another key', 0, LIMIT_MS)
