// The door of deliver: what waits in the buffer goes on from here, once. Today there is one consumer, the warehouse;
// verdicts are given on the way to it. How "once" holds through every crash: docs/specs/exactly-once.md.
export type { LiveFeed } from './live/live.ts'
export { type Loader, type LoaderDeps, type LoaderOptions, type LoaderStatus, startLoader } from './warehouse/loader.ts'
