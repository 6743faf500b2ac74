// What a support agent pastes into a ticket: who, where to look, and what happened last. Plain text, which every ticket takes.
import type { PersonAnswer, TimelineRowAnswer } from '../../api/answers.ts'

const rowsMax = 20

interface Ticket {
  readonly person: PersonAnswer
  readonly address: string
  /** Newest first. */
  readonly rows: readonly TimelineRowAnswer[]
}

/** Times as UTC: whoever reads the ticket is somewhere else. */
export function ticketText({ person, address, rows }: Ticket): string {
  const lines = rows.slice(0, rowsMax).map(({ time, source, title, severity }) => {
    const mark = severity === null ? '' : ` [${severity}]`
    return `${time}  ${source}${mark}  ${oneLine(title)}`
  })
  return [nameOf(person), `ids: ${person.ids.join(', ')}`, address, '', ...lines].join('\n')
}

/** What people call them; else their id. */
export function nameOf({ id, traits }: Pick<PersonAnswer, 'id' | 'traits'>): string {
  const texts = ['name', 'email', 'username'].map((trait) => traits[trait])
  const first = [traits['first_name'], traits['last_name']].filter((part) => typeof part === 'string').join(' ')
  const found = [...texts, first].find((text): text is string => typeof text === 'string' && text !== '')
  return found ?? id.slice(id.indexOf(':') + 1)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
