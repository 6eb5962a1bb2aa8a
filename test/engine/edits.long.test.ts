import { exploration } from './exploration.ts'

const LIMIT_MS = 900_000

exploration('a writer, and one that takes over', 1, LIMIT_MS)
exploration('a writer, and a hand edit of its key', 2, LIMIT_MS)
exploration('a writer, and a hand edit of its second key', 2, LIMIT_MS)
exploration('a writer, and a hand that puts the old values back', 2, LIMIT_MS)
exploration('a writer, and a hand edit of another key', 2, LIMIT_MS)
exploration('a writer, recover, and a hand edit of the key', 2, LIMIT_MS)
exploration('a writer, recover, and a hand edit of another key', 1, LIMIT_MS)
