// Looks at alerts by the clock, and sends what came of it.
//
//   due ─▶ evaluate ─▶ one transaction: states, changes, messages, the next time ─▶ messages that are due ─▶ sent, or tried again
//
// A time that is being looked at when the engine ends is looked at again by the next one: an evaluation changes nothing but by that
// transaction. Of times that passed meanwhile only the last one is looked at: what was is over.
import type { Alert, QueuedMessage } from '../control/alerts.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { evaluate, type EvaluateDeps, messageAbout } from './evaluate.ts'
import type { Sender } from './send.ts'

export interface EvaluatorDeps extends EvaluateDeps {
  readonly sender: Sender
  readonly clock: Clock
  readonly log: Log
  /** Of an alert's page. */
  readonly addressOf: (alert: string) => string
}

/** A clock that is set, and a message that waits, are noticed so soon. */
const lookEveryMs = 5_000
const lookMsMin = 50
/** Nobody waits for alerts, and two leave room for those who do. */
const evaluationsMax = 2
const messagesPerLook = 20
const retryMs = 30_000
const retryMsMax = 3_600_000
/** Then it is given up: nobody reads yesterday's alert. */
const attemptsMax = 24

/** The first time after now, of all that are whole multiples: the same for every installation and restart. */
export function nextTime(everyMinutes: number, nowMicros: number): number {
  const everyMicros = everyMinutes * 60_000_000
  return (Math.floor(nowMicros / everyMicros) + 1) * everyMicros
}

export class Evaluator {
  readonly #deps: EvaluatorDeps
  readonly #abort = new AbortController()
  readonly #working = new Map<string, Promise<void>>()
  #sending: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(deps: EvaluatorDeps) {
    this.#deps = deps
  }

  /** Begins what is due. Called by the timer, by the end of an evaluation, and by every change. */
  look(): void {
    if (this.#abort.signal.aborted) return
    this.#cancelTimer?.()
    const { control, clock } = this.#deps
    const nowMicros = clock.nowMicros()
    const enabled = control.alerts.list().filter(({ isEnabled }) => isEnabled)
    const due = enabled
      .filter(({ id, nextAtMicros }) => nextAtMicros <= nowMicros && !this.#working.has(id))
      .sort((one, other) => one.nextAtMicros - other.nextAtMicros)
    for (const alert of due.slice(0, Math.max(0, evaluationsMax - this.#working.size))) this.#begin(alert)
    this.#send()
    const nextMs = Math.min(
      ...enabled.map(({ nextAtMicros }) => (nextAtMicros - nowMicros) / 1000).filter((ms) => ms > 0),
    )
    this.#cancelTimer = clock.schedule(
      () => {
        this.look()
      },
      Math.max(lookMsMin, Math.min(lookEveryMs, nextMs)),
    )
  }

  #begin(alert: Alert): void {
    const work = this.#evaluate(alert)
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted)
          this.#deps.log.error({ err: error, alert: alert.name }, 'An alert could not be looked at.')
      })
      .finally(() => {
        this.#working.delete(alert.id)
        this.look()
      })
    this.#working.set(alert.id, work)
  }

  async #evaluate(alert: Alert): Promise<void> {
    const { control, clock } = this.#deps
    const { everyMinutes } = alert.definition
    const everyMicros = everyMinutes * 60_000_000
    // The last of the times that have passed.
    const atMicros = Math.floor(clock.nowMicros() / everyMicros) * everyMicros
    const { states, changes, tells } = await evaluate(this.#deps, alert, atMicros, this.#abort.signal)
    // As it is now: whoever muted it meanwhile wants no message.
    const isMuted = control.alerts.get(alert.id).mutedUntilMicros > clock.nowMicros()
    const messages = isMuted ? [] : tells.map((told) => messageAbout(alert, told, atMicros))
    const nextAtMicros = nextTime(everyMinutes, atMicros)
    control.alerts.evaluated(alert, { states, changes, messages, nextAtMicros })
  }

  /** One after the other: a route that hangs ends by its time-out. */
  #send(): void {
    if (this.#sending !== undefined) return
    const { control, clock } = this.#deps
    const due = control.alerts.dueMessages(clock.nowMicros(), messagesPerLook)
    if (due.length === 0) return
    this.#sending = Promise.all(due.map(async (one) => this.#sendOne(one))).then(() => {
      this.#sending = undefined
      this.look()
    })
  }

  /** Never rejects. */
  async #sendOne({ message, route: name, attempts }: QueuedMessage): Promise<void> {
    const { control, clock, sender, log, addressOf } = this.#deps
    try {
      const route = control.alerts.routes().find((one) => one.name === name)
      if (route === undefined) throw new Error(`The route ${name} was removed`)
      const secrets = control.alerts.routeSecrets(name)
      const address = addressOf(message.alertId)
      await sender.send({ route, secrets, message, address, nowMicros: clock.nowMicros() }, this.#abort.signal)
      control.alerts.sent(message.id, name)
    } catch (error) {
      // What a stop broke off is tried again by the next engine, as if it had not been tried.
      if (this.#abort.signal.aborted) return
      const waitMs = Math.min(retryMsMax, retryMs * 2 ** attempts)
      const isLast = attempts + 1 >= attemptsMax
      control.alerts.notSent(
        message.id,
        name,
        messageOf(error).slice(0, 1000),
        isLast ? undefined : clock.nowMicros() + waitMs * 1000,
      )
      log.warn({ alert: message.alert, route: name, error: messageOf(error) }, 'A message could not be sent.')
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#cancelTimer?.()
    await Promise.all([...this.#working.values(), this.#sending])
    await this.#deps.sender.stop()
  }
}
