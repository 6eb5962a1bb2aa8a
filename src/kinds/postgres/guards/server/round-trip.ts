import type { Told } from '../../../../domain/survey.ts'
import type { SurveyContext } from '../../../../ports/kind.ts'
import type { Questions } from '../../questions.ts'

const TIMES = 5

/** One short question and its answer, milliseconds: the median. */
export async function roundTrip(questions: Questions, { now }: SurveyContext): Promise<Told<number>> {
  const times: number[] = []
  for (let time = 0; time < TIMES; time += 1) {
    const started = now()
    const told = await questions.ask('SELECT 1', () => null)
    if (!('is' in told)) return told
    times.push(now() - started)
  }
  const [median = 0] = times.sort((a, b) => a - b).slice(Math.floor(TIMES / 2))
  return { is: median }
}
