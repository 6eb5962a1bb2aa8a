import { exploration } from './exploration.ts'

const LIMIT_MS = 900_000

exploration('a writer alone', 3, LIMIT_MS)
exploration('two polite writers', 2, LIMIT_MS)
exploration('a writer, and recover', 2, LIMIT_MS)
exploration('a writer, and recover --keep', 2, LIMIT_MS)
exploration('a writer that does not settle, recover, and another writer', 1, LIMIT_MS)
exploration('a writer that never settles, recover, and recover again', 0, LIMIT_MS)
exploration('a writer that never settles, and recover twice', 1, LIMIT_MS)
