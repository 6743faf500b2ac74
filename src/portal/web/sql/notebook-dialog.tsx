// The query as a notebook to go on with, in Python or R.
import { useState } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { Dialog } from '../shell/dialog.tsx'
import { Button } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { downloadNotebook } from './download.ts'
import { savedWords } from './saved-words.ts'

interface NotebookProps {
  readonly name: string
  readonly asked: () => Promise<QueryAsked>
  readonly close: () => void
}

export function NotebookDialog({ name, asked, close }: NotebookProps) {
  const t = useWords(savedWords)
  const [wrong, setWrong] = useState('')

  async function take(language: 'python' | 'r'): Promise<void> {
    setWrong('')
    try {
      await downloadNotebook(await asked(), language, name)
      close()
    } catch (error) {
      setWrong(messageOf(error))
    }
  }
  return (
    <Dialog label={t('saved.notebook-title')} close={close}>
      <div className="grid gap-3 p-4">
        <h2 className="text-sm font-semibold">{t('saved.notebook-title')}</h2>
        <p className="text-muted">{t('saved.notebook-text')}</p>
        <p role="alert" className="text-bad empty:hidden">
          {wrong}
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={close}>{t('saved.cancel')}</Button>
          <Button onClick={() => void take('r')}>R</Button>
          <Button isPrimary onClick={() => void take('python')}>
            Python
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
