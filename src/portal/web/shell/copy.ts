// Into the clipboard, and a word about it.
import { wordsNow } from '../words/words.ts'
import { say } from './toast.tsx'
import { shellWords } from './words.ts'

export async function copyText(text: string): Promise<void> {
  const t = wordsNow(shellWords)
  try {
    // Without https, away from localhost, browsers give pages no clipboard; the old way still works there.
    if ('clipboard' in navigator) await navigator.clipboard.writeText(text)
    else copyBySelection(text)
    say(t('toast.copied'))
  } catch {
    say(t('toast.copy-failed'), true)
  }
}

function copyBySelection(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (!isCopied) throw new Error('The browser does not let this page copy.')
}
