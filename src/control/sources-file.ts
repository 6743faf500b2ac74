// The door of control for intake: sources.json, every key ever issued with its state. Intake reads nothing else.
import type { SourcePlatform } from './control.ts'

export type KeyVerdict =
  | {
      readonly kind: 'listed'
      readonly source: string
      readonly platform: SourcePlatform
      readonly state: 'active' | 'disabled' | 'rotated'
    }
  /** Well-formed, checksum right: issued by this installation, but not in the list. Never refused, always quarantined. */
  | { readonly kind: 'unlisted' }
  /** Never issued by us. */
  | { readonly kind: 'foreign' }

export interface KeyDirectory {
  lookup(writeKey: string): KeyVerdict
}
