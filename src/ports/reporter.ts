import type { Event } from '../domain/event.ts'

/** Hears everything a run says. */
export interface Reporter {
  event(event: Event): void
}
