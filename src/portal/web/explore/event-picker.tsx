// Which event? A list to search in: the most frequent first, Enter takes the first one.
import { useState } from 'react'

import type { EventPick } from '../../api/answers.ts'
import { Dialog } from '../shell/dialog.tsx'
import { useWords } from '../words/words.ts'
import { EventText } from './event-text.tsx'
import type { EventChoice } from './events.ts'
import { eventPickerWords } from './event-picker-words.ts'
import { exploreWords } from './words.ts'

const shownMax = 200

interface EventPickerProps {
  readonly choices: readonly EventChoice[]
  readonly choose: (pick: EventPick) => void
  readonly close: () => void
}

export function EventPicker({ choices, choose, close }: EventPickerProps) {
  const t = useWords(eventPickerWords)
  const explore = useWords(exploreWords)
  const [text, setText] = useState('')
  // At once, not later: Enter has to take the first of what was typed for.
  const wanted = text.trim().toLowerCase()
  const found = choices
    .filter(({ text: name, source, pick }) => `${name} ${source} ${pick.table}`.toLowerCase().includes(wanted))
    .slice(0, shownMax)
  const take = (choice: EventChoice | undefined): void => {
    if (choice === undefined) return
    choose(choice.pick)
    close()
  }
  return (
    <Dialog label={explore('explore.choose-event')} close={close}>
      <input
        type="search"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        aria-label={t('explore.find-event')}
        placeholder={t('explore.find-event')}
        value={text}
        className="w-full border-b border-line bg-card px-4 py-3 outline-none placeholder:text-muted"
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key, nativeEvent }) => {
          if (key === 'Enter' && !nativeEvent.isComposing) take(found[0])
        }}
      />
      <ul className="max-h-[50vh] overflow-auto p-1">
        {found.map((choice) => (
          <li key={JSON.stringify(choice.pick)}>
            <button
              type="button"
              className="flex w-full gap-3 rounded-md px-3 py-1.5 text-left hover:bg-sunken"
              onClick={() => take(choice)}
            >
              <EventText choice={choice} />
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="p-4 pt-2 text-muted">{t('explore.no-event')}</p>}
    </Dialog>
  )
}
