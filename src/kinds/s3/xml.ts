import { NetError } from '../../net/bounded.ts'

/** An element: its text where it holds no other. Attributes and namespaces mean nothing in the answers of an object store, and are passed over. */
export interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

export interface XmlLimits {
  readonly bytes: number
  readonly depth: number
  readonly elements: number
}

/** A page of 1,000 objects has about 7,000 elements. */
export const XML_LIMITS: XmlLimits = { bytes: 4 * 1024 * 1024, depth: 12, elements: 40_000 }

/**
 * Reads one document of the small XML that object stores speak (https://www.w3.org/TR/xml/). Hostile: it knows the declaration, elements, text, the five
 * entities and numbers of characters. A document type, a comment, a section or an entity of its own is no answer to us. Throws NetError: `protocol`,
 * `too-much`.
 */
export function readXml(bytes: Buffer, limits: XmlLimits = XML_LIMITS): Element {
  if (bytes.length > limits.bytes) throw new NetError('talk', 'too-much')
  return new Reader(bytes.toString('utf8').replace(/^\ufeff/, ''), limits).document()
}

export const childOf = (element: Element, name: string): Element | undefined => element.children.find((child) => child.name === name)

export const childrenOf = (element: Element, name: string): readonly Element[] => element.children.filter((child) => child.name === name)

/** The text of a child. Null: there is none, or it is empty. */
export function textOf(element: Element, ...path: readonly string[]): string | null {
  const found = path.reduce<Element | undefined>((at, name) => (at === undefined ? undefined : childOf(at, name)), element)
  return found === undefined || found.text === '' ? null : found.text
}

const broken = (): NetError => new NetError('talk', 'protocol')

const TAG_MAX = 2_048
const NAME = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/
const ATTRIBUTE = /^\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*')/

class Reader {
  readonly #text: string
  readonly #limits: XmlLimits
  #at = 0
  #count = 0

  constructor(text: string, limits: XmlLimits) {
    this.#text = text
    this.#limits = limits
  }

  document(): Element {
    const declaration = /^\s*<\?xml\s[^<>?]{0,200}\?>/.exec(this.#text.slice(0, 300))
    this.#at = declaration?.[0].length ?? 0
    this.#blank()
    if (this.#text[this.#at] !== '<') throw broken()
    const root = this.#element(0)
    this.#blank()
    if (this.#at !== this.#text.length) throw broken()
    return root
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  /** From its `<` to behind its end. */
  #element(depth: number): Element {
    this.#count += 1
    if (depth >= this.#limits.depth || this.#count > this.#limits.elements) throw new NetError('talk', 'too-much')
    const opening = this.#tag()
    const isEmpty = opening.endsWith('/')
    const name = nameOf(isEmpty ? opening.slice(0, -1) : opening)
    if (isEmpty) return { name: localOf(name), text: '', children: [] }
    const children: Element[] = []
    const texts: string[] = []
    for (;;) {
      const next = this.#text.indexOf('<', this.#at)
      if (next < 0) throw broken()
      texts.push(this.#text.slice(this.#at, next))
      this.#at = next
      if (this.#text[next + 1] === '/') break
      children.push(this.#element(depth + 1))
    }
    if (this.#tag().trimEnd() !== `/${name}`) throw broken()
    // What stands between elements only makes them easy to read.
    return { name: localOf(name), text: children.length > 0 ? '' : plain(texts.join('')), children }
  }

  /** What stands between the next `<` and its `>`. No attribute of an answer holds a `>`. */
  #tag(): string {
    const end = this.#text.indexOf('>', this.#at)
    if (end < 0) throw broken()
    if (end - this.#at > TAG_MAX) throw new NetError('talk', 'too-much')
    const inside = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    return inside
  }
}

/** The name of an opening tag, of which nothing but attributes may follow. */
function nameOf(inside: string): string {
  const name = NAME.exec(inside)?.[0]
  if (name === undefined) throw broken()
  for (let rest = inside.slice(name.length); rest.trim() !== ''; ) {
    const attribute = ATTRIBUTE.exec(rest)?.[0]
    if (attribute === undefined) throw broken()
    rest = rest.slice(attribute.length)
  }
  return name
}

const localOf = (name: string): string => name.slice(name.indexOf(':') + 1)

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A text with its entities read, once. */
function plain(text: string): string {
  if (text.includes(']]>')) throw broken()
  return text.replace(/&([^;&]{0,10}(;?))/g, (_, inside: string, end: string) => {
    if (end === '') throw broken()
    const name = inside.slice(0, -1)
    return ENTITIES[name] ?? character(name)
  })
}

function character(name: string): string {
  const match = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name)
  if (match === null) throw broken()
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw broken()
  return String.fromCodePoint(code)
}
