// What to paste on which platform, with the real key and address; and whether the first event has come.
import type { SourceAnswer } from '../../api/answers.ts'
import { copyText } from '../shell/copy.ts'
import { Button, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { type Platform, platforms } from './platforms.ts'
import { snippetOf } from './snippets.ts'
import { sourcesWords } from './words.ts'

interface ConnectProps {
  readonly source: SourceAnswer
  readonly address: string
  /** undefined: not known yet. */
  readonly isHeard: boolean | undefined
  readonly platform: Platform
  readonly choose: (platform: Platform) => void
}

export function Connect({ source, address, isHeard, platform, choose }: ConnectProps) {
  const t = useWords(sourcesWords)
  const { install, code, traps } = snippetOf(platform, { address, writeKey: source.writeKey })
  return (
    <section aria-label={t('sources.tab-connect')} className="grid grid-cols-1 gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Select
          label={t('sources.platform')}
          value={platform}
          options={platforms.map((value) => ({ value, text: value }))}
          choose={choose}
        />
        <p role="status" className={isHeard === true ? 'text-good' : 'text-muted'}>
          {isHeard === undefined ? '' : t(isHeard ? 'sources.heard' : 'sources.waits')}
        </p>
      </div>
      {install !== undefined && <Code label={t('sources.install')} text={install} />}
      <Code label={platform} text={code} />
      {traps.length > 0 && (
        <ul className="grid gap-1 rounded-md bg-warn-soft px-3 py-2 text-warn">
          {traps.map((trap) => (
            <li key={trap}>{t(`sources.trap-${trap}`)}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

export function Code({ label, text }: { readonly label: string; readonly text: string }) {
  const t = useWords(sourcesWords)
  return (
    <div className="flex items-start gap-2">
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        className="min-w-0 flex-1 overflow-x-auto rounded-md border border-line bg-card p-3 font-mono text-xs"
      >
        {text}
      </pre>
      <Button aria-label={t('sources.copy-what', { what: label })} onClick={() => void copyText(text)}>
        {t('sources.copy')}
      </Button>
    </div>
  )
}
