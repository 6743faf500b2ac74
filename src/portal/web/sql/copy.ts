// Into the clipboard, and a word about it.
import { say } from '../shell/toast.tsx'
import type { Words } from '../words/words.ts'

export async function copyText(text: string, t: Words): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(t('toast.copied'))
  } catch {
    // Without https browsers have no clipboard for pages, and a person can forbid it.
    say(t('toast.copy-failed'), true)
  }
}
