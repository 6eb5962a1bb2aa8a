import type { Hook } from '../../domain/deploy.ts'
import { type Running, runRecorded } from './command.ts'

/** Runs the hook once. Each line it prints goes out as an event. Null when it went well, else what was wrong. */
export async function runHook({ run, timeoutMs }: Hook, running: Running): Promise<string | null> {
  const { reporter, clean } = running
  const limits = { timeoutMs, name: 'timeout of hook', subject: 'it' }
  const end = await runRecorded(run, running, limits, (line) => reporter.event({ type: 'output', from: 'hook', line: clean(line) }))
  if (end.outputOpen) reporter.event({ type: 'note', code: 'hook.output_open', message: OUTPUT_OPEN })
  return end.why
}

const OUTPUT_OPEN =
  'The hook left a program running that still writes where the hook wrote, and nobody reads there any more: its next line may end it. Redirect it in the hook: app >app.log 2>&1 &'
