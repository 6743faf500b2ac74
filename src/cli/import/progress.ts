// The bar of an import: bytes of the files, and beside it the events. Nothing at all where stderr is no terminal.
import type { CliContext } from '../context.ts'
import { barLook } from '../progress.ts'
import { bytesText } from '../units.ts'

export interface ImportProgress {
  readonly update: (bytes: number, events: number, note: string) => void
  /** Text above the bar. */
  readonly say: (line: string) => void
  readonly stop: () => void
}

export async function startImportProgress(context: CliContext, bytesTotal: number): Promise<ImportProgress> {
  if (context.stderr.isTTY !== true) {
    const say = (line: string): void => {
      context.stderr.write(`${line}\n`)
    }
    return { update: () => undefined, say, stop: () => undefined }
  }
  const { SingleBar } = await import('cli-progress')
  const bar = new SingleBar({
    format: '{bar} {percentage} % of {size} · {events} events · {eta_formatted} {note}',
    ...barLook(context),
  })
  const size = bytesText(bytesTotal)
  const begin = (bytes: number, events: number): void => {
    bar.start(Math.max(1, bytesTotal), bytes, { size, events, note: '' })
  }
  let last = { bytes: 0, events: 0 }
  begin(0, 0)
  return {
    update(bytes, events, note) {
      last = { bytes, events }
      bar.update(bytes, { size, events, note })
    },
    say(line) {
      bar.stop()
      context.stderr.write(`${line}\n`)
      begin(last.bytes, last.events)
    },
    stop() {
      bar.stop()
    },
  }
}
