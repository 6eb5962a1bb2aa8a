import type { KindAbout } from '../ports/kind.ts'

export const about: KindAbout = {
  product: 'any text: a token, the content of a file',
  forms: [['anything, with --kind opaque', 'an empty text too']],
  tls: [],
  probed: [],
  notProbed: ['everything: nobody is contacted, and nothing of it is shown'],
  notRunHere: [],
}
