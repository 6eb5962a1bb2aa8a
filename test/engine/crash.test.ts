import { exploration } from './exploration.ts'

const LIMIT_MS = 60_000

exploration('a writer alone', 2, LIMIT_MS)
exploration('two polite writers', 1, LIMIT_MS)
exploration('a writer, and recover', 1, LIMIT_MS)
exploration('a writer, and recover --keep', 1, LIMIT_MS)
exploration('a writer, and one that takes over', 0, LIMIT_MS)
