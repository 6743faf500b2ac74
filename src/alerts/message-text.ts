// What people read of an alert.
import type { AlertMessage } from '../control/alerts.ts'

const words: Readonly<Record<AlertMessage['what'], string>> = {
  firing: 'firing',
  'still-firing': 'still firing',
  recovered: 'recovered',
  unknown: 'could not be evaluated',
  test: 'test',
}

/** One line. */
export function subjectOf({ alert, group, what }: AlertMessage): string {
  const text = `[${words[what]}] ${alert}${group === '' ? '' : ` · ${group}`}`
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}

/** `address`: of the alert's page; '' where nobody knows it. */
export function textOf(message: AlertMessage, address: string): string {
  const { what, value, condition, error, runbook, at } = message
  const lines = [
    subjectOf(message),
    '',
    ...(what === 'test' ? ['This is a test: whoever reads it would have been told.'] : []),
    ...(error === '' ? [`Value: ${value === null ? 'none' : value}`] : [`Error: ${error}`]),
    `Condition: ${condition}`,
    `Time: ${at}`,
    ...(runbook === '' ? [] : ['', 'What to do:', runbook]),
    ...(address === '' ? [] : ['', address]),
  ]
  return lines.join('\n')
}
