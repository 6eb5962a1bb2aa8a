// `node --require` of this: as the process ends it writes the most memory it had at once, in kB, to file descriptor 3.
const { readFileSync, writeSync } = require('node:fs')

process.on('exit', () => writeSync(3, `${peak()}`))

/** Linux counts in `maxRSS` what the process that started this one had; `VmHWM` begins anew with each program. */
function peak() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {
    return process.resourceUsage().maxRSS
  }
}
