// What an import did: counted while it runs, told at its end. Odd lines are named as they come, the first few of them.
import { printable } from '../table.ts'

/** Verdicts of one source, as the engine's ledger has them. */
export interface Verdicts {
  readonly stored: number
  readonly flagged: number
  readonly duplicates: number
  readonly quarantined: number
}

const namedMax = 20

export class Report {
  files = 0
  filesDoneBefore = 0
  /** Files that could not be read to their end. */
  filesUnreadable = 0
  events = 0
  skipped = 0
  eventsWithoutTime = 0
  readonly #say: (line: string) => void

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  skip(path: string, row: number, reason: string): void {
    this.skipped += 1
    if (this.skipped <= namedMax) this.#say(`Skipped ${printable(path)}:${row}: ${printable(reason)}.`)
    if (this.skipped === namedMax) this.#say('Further skipped lines are counted only.')
  }

  /** Lines that nobody names any more. */
  skipFurther(count: number): void {
    this.skipped += count
  }

  unreadable(message: string): void {
    this.filesUnreadable += 1
    if (this.filesUnreadable <= namedMax) this.#say(`${printable(message)}.`)
  }

  /** Lines for people. */
  summary(source: string, seconds: number, verdicts: Verdicts | undefined): string[] {
    const rate = seconds > 0 ? Math.round(this.events / seconds) : this.events
    const lines = [
      `Sent ${counted(this.events, 'event')} of ${counted(this.files, 'file')} to ${source}, ${rate} a second.`,
    ]
    if (this.filesDoneBefore > 0)
      lines.push(`${counted(this.filesDoneBefore, 'file')} came in an earlier run; --restart reads all again.`)
    if (this.skipped > 0) lines.push(`Skipped ${counted(this.skipped, 'line')} that could not be read.`)
    if (this.eventsWithoutTime > 0)
      lines.push(`${counted(this.eventsWithoutTime, 'event')} named no time: their rows have the time of this import.`)
    if (verdicts !== undefined) {
      const { stored, flagged, duplicates, quarantined } = verdicts
      lines.push(
        `Since then the engine stored ${stored + flagged}, met ${duplicates} again that it had, and set ${quarantined} aside.`,
      )
    }
    return lines
  }

  toJson(source: string, verdicts: Verdicts | undefined): object {
    const { files, filesDoneBefore, filesUnreadable, events, skipped, eventsWithoutTime } = this
    return { source, files, filesDoneBefore, filesUnreadable, events, skipped, eventsWithoutTime, ...verdicts }
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
