// What the parts of the settings are made of: a titled section, an error at its place, what is shown once, and a question before what
// can't be taken back.
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'

import { messageOf } from '../asking/ask.ts'
import { copyText } from '../shell/copy.ts'
import { Dialog } from '../shell/dialog.tsx'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { settingsWords } from './words.ts'

export const cardClass = 'grid gap-3 rounded-md border border-line bg-card p-4'

export function Section({
  title,
  text,
  children,
}: {
  readonly title: string
  readonly text?: string
  readonly children: ReactNode
}) {
  return (
    <section aria-label={title} className="grid min-w-0 grid-cols-1 gap-2">
      <div>
        <h3 className="font-medium">{title}</h3>
        {text !== undefined && <p className="text-muted">{text}</p>}
      </div>
      {children}
    </section>
  )
}

export function Wrong({ text }: { readonly text: string | undefined }) {
  return (
    <p role="alert" className="text-bad empty:hidden">
      {text}
    </p>
  )
}

export function Field({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <label className="grid gap-1 text-muted">
      {label}
      {children}
    </label>
  )
}

/** What stands in a field of a form. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** A link or a key: nobody can ask for it again, so it stays until somebody says that they have it. */
export function ShownOnce({
  label,
  text,
  secret,
  file,
  close,
}: {
  readonly label: string
  readonly text: string
  readonly secret: string
  /** Name of the file that it is. */
  readonly file?: string
  readonly close: () => void
}) {
  const t = useWords(settingsWords)
  return (
    <section aria-label={label} className="grid gap-3 rounded-md border border-accent bg-accent-soft p-4">
      <div role="status">
        <h4 className="font-medium">{label}</h4>
        <p>{text}</p>
      </div>
      <code
        tabIndex={0}
        className="max-h-48 overflow-auto rounded-md border border-line bg-card p-2 font-mono text-xs break-all whitespace-pre-wrap"
      >
        {secret}
      </code>
      <div className="flex flex-wrap gap-2">
        <Button isPrimary onClick={() => void copyText(secret)}>
          {t('settings.copy')}
        </Button>
        {file !== undefined && <Button onClick={() => saveFile(file, secret)}>{t('settings.download')}</Button>}
        <Button onClick={close}>{t('settings.have-it')}</Button>
      </div>
    </section>
  )
}

function saveFile(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** A button whose act can't be taken back. */
export function Sure({
  label,
  text,
  yes,
  act,
  children,
}: {
  /** Of the button, and of the question. */
  readonly label: string
  readonly text: string
  readonly yes: string
  readonly act: () => Promise<void>
  readonly children: ReactNode
}) {
  const t = useWords(settingsWords)
  const [isAsked, setAsked] = useState(false)
  const close = (): void => setAsked(false)
  return (
    <>
      <Button aria-label={label} onClick={() => setAsked(true)}>
        {children}
      </Button>
      {isAsked && (
        <Dialog label={label} close={close}>
          <div className="grid gap-3 p-4">
            <h2 className="font-medium">{label}</h2>
            <p className="text-muted">{text}</p>
            <div className="flex justify-end gap-2">
              <Button onClick={close}>{t('settings.no')}</Button>
              <Button
                isPrimary
                onClick={() => {
                  close()
                  void act()
                }}
              >
                {yes}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  )
}

/** Does it, says so or why not, and has what it changed asked for again. */
export function useAct(...changes: readonly string[]): (work: () => Promise<unknown>, done: string) => Promise<void> {
  const client = useQueryClient()
  return async (work, done) => {
    try {
      await work()
      say(done)
    } catch (error) {
      say(messageOf(error), true)
    }
    await Promise.all(changes.map(async (key) => client.invalidateQueries({ queryKey: [key] })))
  }
}
