import type { Finding } from '../../../../../domain/finding.ts'
import * as age from '../../../../age.ts'
import { CONTENT } from '../checks.ts'

export { duration } from '../../../../age.ts'

export const compareAge = (aged: age.Aged): Finding => age.compareAge(CONTENT.age, aged)
