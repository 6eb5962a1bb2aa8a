/** Chance that can be repeated: the seed is `ATTACH_SEED`, or the time. */
export interface Chance {
  readonly seed: number
  /** From 0 to 1, 1 excluded. */
  next(): number
}

/** mulberry32: 32 bits of state, enough to choose moments. */
export function chance(seed = Number(process.env['ATTACH_SEED'] ?? Date.now() % 1_000_000)): Chance {
  let state = seed >>> 0
  return {
    seed,
    next: () => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
    },
  }
}

/** So many moments between 0 and `until`, one in each equal part of it, in no order. */
export function moments(count: number, until: number, { next }: Chance): readonly number[] {
  return Array.from({ length: count }, (_, part) => ((part + next()) / count) * until)
    .map((moment) => ({ moment, place: next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ moment }) => moment)
}
