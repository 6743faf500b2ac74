// Asks the thread of a destination's scripts, and ends it when it falls silent: what it was computing is then asked again event by
// event, so that only the one at fault is turned away.
//
//   absent ──asked──▶ starting ──ready──▶ at work ──silent, broken──▶ absent
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import type { Clock } from '../../../core/clock.ts'
import { messageOf } from '../../../core/errors.ts'
import { jsonOf, objectOf } from '../read.ts'
import type { ScriptAnswer, ScriptInput, ScriptStart } from './script.ts'
import type { FromScript, ToScript } from './script-messages.ts'

/** Short enough that one slow event holds up few. */
const batchEventsMax = 20
/** An event may take 0.1 s of computing; a thread that gives way to others takes longer by the clock. */
const silentMsMax = 10_000

interface Asked {
  readonly resolve: (answers: readonly string[]) => void
  readonly reject: (error: Error) => void
}

export class ScriptThread {
  readonly #start: ScriptStart
  readonly #clock: Clock
  #worker: Worker | undefined
  #ready: Promise<string | null> | undefined
  #asked: Asked | undefined
  #batch = 0
  #isStopping = false

  constructor(start: ScriptStart, clock: Clock) {
    this.#start = start
    this.#clock = clock
  }

  /** What is wrong with the scripts themselves; undefined: nothing. */
  async problem(): Promise<string | undefined> {
    try {
      return (await this.#open()) ?? undefined
    } catch (error) {
      await this.#close(messageOf(error))
      return messageOf(error)
    }
  }

  /** One answer for each event, whatever the scripts do. One call at a time. */
  async answers(inputs: readonly ScriptInput[]): Promise<ScriptAnswer[]> {
    const texts = inputs.map((input) => JSON.stringify(input))
    const answers: string[] = []
    for (let at = 0; at < texts.length && !this.#isStopping; at += batchEventsMax) {
      answers.push(...(await this.#batchAnswers(texts.slice(at, at + batchEventsMax))))
    }
    return answers.map(answerIn)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#close('it is stopping')
  }

  async #batchAnswers(texts: readonly string[]): Promise<readonly string[]> {
    try {
      return await this.#ask(texts)
    } catch (error) {
      await this.#close(messageOf(error))
      if (this.#isStopping) return []
      if (texts.length === 1) return [JSON.stringify({ rejected: `Its script ended: ${messageOf(error)}` })]
      const answers: string[] = []
      for (const text of texts) answers.push(...(await this.#batchAnswers([text])))
      return answers
    }
  }

  async #ask(texts: readonly string[]): Promise<readonly string[]> {
    const problem = await this.#open()
    if (problem !== null) return texts.map(() => JSON.stringify({ rejected: `Its script can't be read: ${problem}` }))
    const batch = ++this.#batch
    return this.#heard(
      new Promise<readonly string[]>((resolve, reject) => {
        this.#asked = { resolve, reject }
        const message: ToScript = { batch, inputs: texts }
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        this.#worker?.postMessage(message)
      }),
    )
  }

  /** Rejects when nothing is heard for too long. */
  async #heard<Result>(answer: Promise<Result>): Promise<Result> {
    let cancel = (): void => undefined
    const silence = new Promise<never>((_resolve, reject) => {
      cancel = this.#clock.schedule(() => {
        reject(new Error(`it said nothing for ${silentMsMax / 1000} s`))
      }, silentMsMax)
    })
    try {
      return await Promise.race([answer, silence])
    } finally {
      cancel()
    }
  }

  async #open(): Promise<string | null> {
    this.#ready ??= this.#heard(
      new Promise<string | null>((resolve, reject) => {
        const file = new URL(`./script-worker${extname(import.meta.url)}`, import.meta.url)
        const worker = new Worker(file, { workerData: this.#start, name: 'script' })
        this.#worker = worker
        worker.on('message', (message: FromScript) => {
          if (message.kind === 'ready') resolve(message.problem)
          else if (message.batch === this.#batch) this.#asked?.resolve(message.answers)
        })
        const ended = (error: Error): void => {
          reject(error)
          this.#asked?.reject(error)
        }
        worker.on('error', ended)
        worker.on('exit', () => {
          ended(new Error('its thread ended'))
        })
      }),
    )
    return this.#ready
  }

  async #close(reason: string): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#ready = undefined
    this.#asked?.reject(new Error(reason))
    this.#asked = undefined
    await worker?.terminate()
  }
}

/** A script may have changed whatever its machine writes answers with. */
function answerIn(text: string): ScriptAnswer {
  const answer = jsonOf(text)
  const { events, skipped, rejected } = answer
  if (Array.isArray(events)) return { events: (events as unknown[]).map(objectOf) }
  if (typeof skipped === 'string') return { skipped }
  return { rejected: typeof rejected === 'string' ? rejected : 'Its script gave no answer' }
}
