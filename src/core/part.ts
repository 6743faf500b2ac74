/** What intake.ts and engine.ts build, start back to front and stop front to back. */
export interface Part {
  /** Orderly, bounded by the caller; called once. */
  stop(): Promise<void>
}
