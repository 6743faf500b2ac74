// Short news at the foot of the page: what was done, or what failed and belongs nowhere else.
import { useSyncExternalStore } from 'react'

import { useWords } from '../words/words.ts'
import { shellWords } from './words.ts'

interface Toast {
  readonly id: number
  readonly text: string
  readonly isBad: boolean
}

const shownMs = 5000
const listeners = new Set<() => void>()
let toasts: readonly Toast[] = []
let lastId = 0

export function say(text: string, isBad = false): void {
  lastId += 1
  const id = lastId
  change([...toasts.slice(-2), { id, text, isBad }])
  // What failed stays until somebody has read it.
  if (!isBad) setTimeout(() => dismiss(id), shownMs)
}

function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id))
}

function change(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const t = useWords(shellWords)
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div role="status" className="fixed right-4 bottom-4 z-10 grid gap-2">
      {shown.map(({ id, text, isBad }) => (
        <p
          key={id}
          className={`flex items-center gap-3 rounded-md border border-line bg-card px-3 py-2 shadow-lg ${isBad ? 'text-bad' : ''}`}
        >
          {text}
          <button type="button" className="ml-auto min-h-6 text-muted hover:text-text" onClick={() => dismiss(id)}>
            {t('toast.dismiss')}
          </button>
        </p>
      ))}
    </div>
  )
}
