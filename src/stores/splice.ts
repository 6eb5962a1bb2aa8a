/** One text on its way into the place of another one, byte for byte in the same file. */
export interface Texts {
  readonly old: Uint8Array
  readonly new: Uint8Array
}

/**
 * What a file holds while a text is written over another one:
 * - `old`, `new`: one of them, whole.
 * - `begun`: the old text with line feeds behind it, made room for a longer one. Every reader still reads the old text.
 * - `half`: of every byte either the old or the new one.
 * - `foreign`: somebody else wrote.
 */
export type Progress = 'old' | 'new' | 'begun' | 'half' | 'foreign'

/**
 * How far a write in place came. Each of the two texts is filled up with line feeds to the length of the longer one. A killed write leaves the
 * first bytes new and the others old; one that was being taken back, or a power cut, which loses single blocks, leaves any mix of the two.
 */
export function progressOf(found: Uint8Array, texts: Texts): Progress {
  if (isSame(found, texts.old)) return 'old'
  if (isSame(found, texts.new)) return 'new'
  const length = Math.max(texts.old.length, texts.new.length)
  const [before, after] = [filled(texts.old, length), filled(texts.new, length)]
  if (found.length > texts.old.length && found.length <= length && isSame(found, before.subarray(0, found.length))) return 'begun'
  const isMix = found.length === length && found.every((byte, at) => byte === before[at] || byte === after[at])
  return isMix ? 'half' : 'foreign'
}

/**
 * What stands where a write in place that came so far is brought to its end. Null: nothing of ours is unfinished, as far as can be told. What somebody
 * wrote behind a half since then stays behind.
 */
export function finished(found: Uint8Array, texts: Texts): Uint8Array | null {
  const length = Math.max(texts.old.length, texts.new.length)
  if (found.length > length) {
    const whole = finished(found.subarray(0, length), texts)
    return whole === null ? null : Buffer.concat([whole, found.subarray(length)])
  }
  switch (progressOf(found, texts)) {
    case 'begun':
      return texts.old // Nothing of the new text stands, and taking line feeds away needs no room on the disk.
    case 'half':
      return texts.new
    case 'old':
    case 'new':
    case 'foreign':
      return null
  }
}

/** Neither text stands whole, and no half of them either: somebody wrote into the middle of it, or of what was left half written. */
export function isMuddled(found: Uint8Array, texts: Texts): boolean {
  const length = Math.max(texts.old.length, texts.new.length)
  return progressOf(found.length > length ? found.subarray(0, length) : found, texts) === 'foreign'
}

/** `text` with line feeds behind it up to `length` bytes. A text that is longer stays as it is. */
export function filled(text: Uint8Array, length: number): Uint8Array {
  if (text.length >= length) return text
  const all = new Uint8Array(length).fill(LINE_FEED)
  all.set(text)
  return all
}

/** Where two texts begin to differ: the length of the shorter one when it is the beginning of the other. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length)
  for (let at = 0; at < end; at += 1) if (a[at] !== b[at]) return at
  return end
}

const LINE_FEED = 10

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
