export { counted, figure, first, lines, reasons, untoldOf } from '../../../words.ts'
