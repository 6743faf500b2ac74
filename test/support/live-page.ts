// The live page in jsdom, with a hand-turned clock, connection and API; no part of it is replaced but what a browser
// would give it.
import { JSDOM, VirtualConsole } from 'jsdom'

import type { LiveEvent } from '../../src/core/event.ts'
import type { DeadLetter } from '../../src/deliver/dead-letters.ts'
import { livePage } from '../../src/portal/page/live-page.ts'

interface Timer {
  at: number
  every: number | undefined
  run: () => void
}

interface Answer {
  status?: number
  body: unknown
}

export type Api = (path: string, options: { method?: string; body?: string } | undefined) => Answer

class FakeEventSource extends EventTarget {
  isClosed = false

  close(): void {
    this.isClosed = true
  }
}

export type Page = ReturnType<typeof openPage>

/** Close it with `close()` at the end of the test. */
export function openPage(api: Api = defaultApi()) {
  const timers = new Map<number, Timer>()
  const streams: FakeEventSource[] = []
  const asked: string[] = []
  const faults: string[] = []
  let now = 1000
  let timerCount = 0

  function addTimer(run: () => void, ms: number, every?: number): number {
    timerCount += 1
    timers.set(timerCount, { at: now + ms, every, run })
    return timerCount
  }

  const console = new VirtualConsole()
  console.on('jsdomError', (error) => faults.push(error.message))
  const dom = new JSDOM(livePage('n0nce'), {
    url: 'http://127.0.0.1:8080/',
    runScripts: 'dangerously',
    pretendToBeVisual: true,
    virtualConsole: console,
    beforeParse(window) {
      Object.defineProperty(window, 'performance', { value: { now: () => now } })
      Object.assign(window, {
        setTimeout: (run: () => void, ms: number) => addTimer(run, ms),
        setInterval: (run: () => void, ms: number) => addTimer(run, ms, ms),
        clearTimeout: (id: number) => timers.delete(id),
        matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
        EventSource: class extends FakeEventSource {
          constructor() {
            super()
            streams.push(this)
          }
        },
        fetch: async (path: string, options?: { method?: string; body?: string }) => {
          asked.push(`${options?.method ?? 'GET'} ${path} ${options?.body ?? ''}`.trim())
          const { status = 200, body } = api(path, options)
          return { ok: status < 400, status, json: async () => body, text: async () => String(body) }
        },
      })
    },
  })
  const { document } = dom.window

  /** Runs what is due in the next `ms`, and what that asked of the API. */
  async function pass(ms: number): Promise<void> {
    const end = now + ms
    for (;;) {
      const [due] = [...timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)
      if (due === undefined) break
      const [id, timer] = due
      now = Math.max(now, timer.at)
      if (timer.every === undefined) timers.delete(id)
      else timer.at += timer.every
      timer.run()
      await settle()
    }
    now = end
    await settle()
  }

  async function send(name: 'open' | 'error' | 'events' | 'status', data?: unknown): Promise<void> {
    const stream = streams.at(-1)
    const message = new Event(name)
    stream?.dispatchEvent(Object.assign(message, { data: JSON.stringify(data) }))
    await settle()
  }

  return {
    document,
    close: () => {
      dom.window.close()
    },
    asked,
    faults,
    streams,
    pass,
    send,
    events: async (events: LiveEvent[]) => {
      await send('events', events)
      await pass(250)
    },
    find: (selector: string) => required(document.querySelector<HTMLElement>(selector), selector),
    texts: (selector: string) => [...document.querySelectorAll(selector)].map((element) => element.textContent),
    names: () =>
      [...document.querySelectorAll('#event-rows .event td:nth-child(4) > .line:first-child')].map(
        (line) => line.textContent,
      ),
    type: (selector: string, value: string, kind: 'input' | 'change') => {
      const field = required(document.querySelector<HTMLInputElement>(selector), selector)
      field.value = value
      field.dispatchEvent(new dom.window.Event(kind, { bubbles: true }))
    },
    key: (key: string) => {
      document.body.dispatchEvent(new dom.window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    },
  }
}

export function required<Value>(value: Value | null, what: string): Value {
  if (value === null) throw new Error(`There is no ${what}.`)
  return value
}

/** Lets the page's promises go on; the API answers without waiting. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

export function defaultApi(sources: readonly object[] = [webSource], letters: readonly DeadLetter[] = []): Api {
  return (path) => {
    if (path === '/api/sources') return { body: { sources } }
    if (path.startsWith('/api/dead-letters?')) return { body: { deadLetters: letters } }
    return { status: 404, body: { error: { code: 'not-found', message: 'There is nothing here.' } } }
  }
}

export const webSource = {
  source: 'web',
  platform: 'client',
  state: 'active',
  writeKey: 'key-of-web',
  createdAtMicros: 0,
}
