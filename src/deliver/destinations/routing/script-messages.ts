// What a destination and the thread of its scripts say to each other.

/** `inputs`: JSON of ScriptInput. */
export interface ToScript {
  readonly batch: number
  readonly inputs: readonly string[]
}

export type FromScript =
  /** Once, at the start. `problem`: what is wrong with the scripts themselves; null: nothing. */
  | { readonly kind: 'ready'; readonly problem: string | null }
  /** JSON of ScriptAnswer, in the order of the inputs. */
  | { readonly kind: 'answered'; readonly batch: number; readonly answers: readonly string[] }
