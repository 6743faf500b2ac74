// A line on stderr that moves while long work goes on; nothing at all where stderr is no terminal.
import type { CliContext } from './context.ts'

export interface Progress {
  update(done: number, total?: number): void
  stop(): void
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** How every bar of the command line looks. */
export function barLook(context: CliContext) {
  return {
    stream: context.stderr as NodeJS.WriteStream,
    // Whoever presses Ctrl-C keeps a terminal that works.
    hideCursor: false,
    linewrap: true,
    clearOnComplete: true,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
  }
}

/** Without a total only a counter is shown. `what` is a plural: rows, events. */
export async function startProgress(context: CliContext, what: string, total?: number): Promise<Progress> {
  if (context.stderr.isTTY !== true) return silent
  const { SingleBar } = await import('cli-progress')
  const format =
    total === undefined ? `{value} ${what} · {duration_formatted}` : `{bar} {value}/{total} ${what} · {eta_formatted}`
  const bar = new SingleBar({
    format,
    ...barLook(context),
  })
  bar.start(total ?? 0, 0)
  return {
    update(done, newTotal) {
      if (newTotal !== undefined && newTotal !== bar.getTotal()) bar.setTotal(newTotal)
      bar.update(done)
    },
    stop() {
      bar.stop()
    },
  }
}
