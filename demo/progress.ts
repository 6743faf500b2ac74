// Two bars while the history goes in: days sent, rows loaded. Where there is no terminal, nothing but the last word.
import { MultiBar, type SingleBar } from 'cli-progress'

export interface FillProgress {
  sent(days: number, rows: number): void
  loaded(rows: number, total: number): void
  stop(): void
}

const silent: FillProgress = { sent: () => undefined, loaded: () => undefined, stop: () => undefined }

export function startFillProgress(days: number, stream: NodeJS.WriteStream): FillProgress {
  if (!stream.isTTY) return silent
  const bars = new MultiBar({
    stream,
    hideCursor: false,
    clearOnComplete: false,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
  })
  const format = (what: string): object => ({ format: `  ${what} {bar} {text}` })
  const sending: SingleBar = bars.create(days, 0, { text: '' }, format('sending'))
  const loading: SingleBar = bars.create(1, 0, { text: '' }, format('loading'))
  return {
    sent(day, rows) {
      sending.update(Math.min(day, days), {
        text: `day ${Math.min(day, days)} of ${days} · ${rows.toLocaleString('en')} sent`,
      })
    },
    loaded(rows, total) {
      loading.setTotal(Math.max(1, total))
      loading.update(rows, { text: `${rows.toLocaleString('en')} loaded` })
    },
    stop() {
      bars.stop()
    },
  }
}
