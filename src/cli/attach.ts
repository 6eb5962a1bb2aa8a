import process from 'node:process'
import { version } from './version.ts'

// Scripts ask for the version often: it is not worth loading anything else for it.
if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${version()}\n`)
else void import('./main.ts').then(({ main }) => main('attach'))
