// A part of a page that can fail by itself: an error in one chart must not take the page with it.
import { Component, type ReactNode } from 'react'

import { messageOf } from '../asking/ask.ts'
import { useWords } from '../words/words.ts'
import { Button } from './parts.tsx'
import { shellWords } from './words.ts'

export class Panel extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: undefined }

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return <Broken error={error} again={() => this.setState({ error: undefined })} />
  }
}

function Broken({ error, again }: { readonly error: unknown; readonly again: () => void }) {
  const t = useWords(shellWords)
  return (
    <div role="alert" className="m-3 grid justify-items-start gap-2 rounded-md bg-bad-soft p-3 text-bad">
      <strong className="font-medium">{t('broken.title')}</strong>
      <p>{messageOf(error)}</p>
      <Button onClick={again}>{t('broken.again')}</Button>
    </div>
  )
}
