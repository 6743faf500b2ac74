// The door of alerts: who makes and changes them, what would have been, and the clock that looks at them.
import type { Alert, AlertDefinition, AlertMessage, AlertRoute } from '../control/alerts.ts'
import type { Control } from '../control/control.ts'
import type { Principal } from '../control/principals.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { type Log, logOf } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import { isZone } from '../core/zone.ts'
import { namedIn } from '../jobs/parameters.ts'
import type { SavedQueries } from '../jobs/saved.ts'
import type { QueryRoad } from '../query/contract.ts'
import { type Judged, conditionText } from './condition.ts'
import { judgedAt, messageAbout, requestAt } from './evaluate.ts'
import { Evaluator, nextTime } from './evaluator.ts'
import { checkRoute, createSender, type Sender } from './send.ts'
import { freshState, step } from './state.ts'

export interface AlertsDeps {
  readonly control: Control
  readonly road: QueryRoad
  readonly saved: SavedQueries
  readonly clock: Clock
  readonly log: Log
  readonly addressOf: (alert: string) => string
  /** For tests; absent: mail and HTTP. */
  readonly sender?: Sender
}

export interface Backtest {
  /** Of all its looks together. */
  readonly bytes: number
  readonly dollars: number
  readonly looks: number
  /** Its answer is the same at all times: it names neither @run_time nor @run_date. */
  readonly isBlind: boolean
  /** Absent: only the cost was asked for. */
  readonly times?: readonly {
    readonly atMicros: number
    readonly firing: readonly string[]
    readonly value: number | null
  }[]
  readonly messages?: number
}

const dayMicros = 86_400_000_000
/** Thirty days of an alert of every minute would be 43,200 queries. */
const looksMax = 300

/** Errors of all: not-found; of changes: not-allowed, request-invalid, alert-invalid, alert-exists. */
export class Alerts {
  readonly #deps: AlertsDeps
  readonly #changed: () => void

  constructor(deps: AlertsDeps, changed: () => void) {
    this.#deps = deps
    this.#changed = changed
  }

  add(name: string, definition: AlertDefinition, by: Principal): Alert {
    this.#check(definition, by)
    const made = this.#deps.control.alerts.add(name, definition, by.id, this.#next(definition))
    this.#changed()
    return made
  }

  change(id: string, name: string, definition: AlertDefinition, by: Principal): Alert {
    this.#owned(id, by)
    this.#check(definition, by)
    const made = this.#deps.control.alerts.change(id, name, definition, this.#next(definition))
    this.#changed()
    return made
  }

  setEnabled(id: string, isEnabled: boolean, by: Principal): Alert {
    const { definition } = this.#owned(id, by)
    const made = this.#deps.control.alerts.setEnabled(id, isEnabled, this.#next(definition))
    this.#changed()
    return made
  }

  /** Whoever may make alerts may mute each: the one who is woken is seldom the one who wrote it. */
  mute(id: string, untilMicros: number): Alert {
    return this.#deps.control.alerts.mute(id, untilMicros)
  }

  remove(id: string, by: Principal): void {
    this.#deps.control.alerts.remove(this.#owned(id, by).id)
  }

  /** To all its routes, as if it fired. */
  test(id: string, by: Principal): AlertMessage {
    const alert = this.#owned(id, by)
    const nowMicros = this.#deps.clock.nowMicros()
    const told = messageAbout(alert, { what: 'firing', state: freshState('', nowMicros) }, nowMicros)
    const message: AlertMessage = { ...told, id: `${told.id}-test`, what: 'test' }
    this.#deps.control.alerts.queue(message, alert.definition.routes)
    this.#changed()
    return message
  }

  /** What it would have found at its times of so many days. `wantsTimes` false: only what asking costs. */
  async backtest(
    definition: AlertDefinition,
    by: Principal,
    { days, wantsTimes }: { readonly days: number; readonly wantsTimes: boolean },
    signal: AbortSignal,
  ): Promise<Backtest> {
    this.#check(definition, by)
    const nowMicros = this.#deps.clock.nowMicros()
    const asked = requestAt(this.#deps, definition, by, nowMicros)
    const { bytesProcessed, dollars } = await this.#deps.road.dryRun(asked)
    const everyMicros = definition.everyMinutes * 60_000_000
    const stepMicros = Math.max(1, Math.ceil((days * dayMicros) / everyMicros / looksMax)) * everyMicros
    const last = Math.floor(nowMicros / everyMicros) * everyMicros
    const looks = Math.max(1, Math.floor((days * dayMicros) / stepMicros))
    const asks = looks * (definition.condition.kind === 'change' ? 2 : 1)
    const named = namedIn(asked.sql)
    const cost = {
      bytes: bytesProcessed * asks,
      dollars: dollars * asks,
      looks,
      isBlind: !named.includes('run_time') && !named.includes('run_date'),
    }
    if (!wantsTimes) return cost
    const times = Array.from({ length: looks }, (_none, index) => last - (looks - 1 - index) * stepMicros)
    return { ...cost, ...(await this.#lookBack(definition, by, times, signal)) }
  }

  async #lookBack(definition: AlertDefinition, principal: Principal, times: readonly number[], signal: AbortSignal) {
    const states = new Map<string, ReturnType<typeof freshState>>()
    let messages = 0
    const found: { atMicros: number; firing: string[]; value: number | null }[] = []
    for (const atMicros of times) {
      signal.throwIfAborted()
      const known = [...states.keys()]
      const look = { definition, principal, labels: { page: 'alerts' }, known }
      const judged = await judgedAt(this.#deps, look, atMicros, signal)
      messages += advance(states, judged, definition, atMicros)
      const firing = [...states.values()].filter(({ state }) => state === 'firing').map(({ group }) => group)
      found.push({ atMicros, firing, value: judged[0]?.value ?? null })
    }
    return { times: found, messages: messages * definition.routes.length }
  }

  putRoute(route: Omit<AlertRoute, 'secretNames'>, given: Readonly<Record<string, string>>): void {
    const { alerts } = this.#deps.control
    const old = alerts.routes().find(({ name, kind }) => name === route.name && kind === route.kind)
    // A secret that is not given again stays: nobody can read it to give it.
    const secrets = { ...(old === undefined ? {} : alerts.routeSecrets(route.name)), ...given }
    checkRoute(route, secrets)
    alerts.putRoute(route, secrets)
  }

  #next({ everyMinutes }: AlertDefinition): number {
    return nextTime(everyMinutes, this.#deps.clock.nowMicros())
  }

  #owned(id: string, by: Principal): Alert {
    const alert = this.#deps.control.alerts.get(id)
    if (alert.owner !== by.id && by.role !== 'admin')
      throw new MillpondError('not-allowed', `"${alert.name}" is somebody else's: make one of your own`)
    return alert
  }

  #check(definition: AlertDefinition, by: Principal): void {
    const { query, sql, zone, routes } = definition
    if (!isZone(zone))
      throw new MillpondError('request-invalid', `"${zone.slice(0, 80)}" is no time zone: Asia/Taipei, UTC`)
    if ((query === undefined) === (sql === undefined))
      throw new MillpondError('request-invalid', 'An alert asks a saved query or SQL of its own: one of them')
    const known = this.#deps.control.alerts.routes()
    const unknown = routes.find((name) => !known.some((one) => one.name === name))
    if (unknown !== undefined) throw new MillpondError('alert-invalid', `There is no route ${unknown}`)
    requestAt(this.#deps, definition, by, this.#deps.clock.nowMicros())
    conditionText(definition.condition)
  }
}

/** So many messages came of it. */
function advance(
  states: Map<string, ReturnType<typeof freshState>>,
  judged: readonly Judged[],
  definition: AlertDefinition,
  atMicros: number,
): number {
  let told = 0
  for (const { group, holds, value } of judged) {
    const before = states.get(group) ?? freshState(group, atMicros)
    const { state, tells } = step(before, { kind: 'found', holds, value }, definition, atMicros)
    states.set(group, state)
    if (tells !== undefined) told += 1
  }
  return told
}

export interface AlertsPart extends Part {
  readonly alerts: Alerts
  night(): void
}

export function startAlerts(deps: AlertsDeps): AlertsPart {
  const { control, road, saved, clock, log, addressOf, sender = createSender() } = deps
  const evaluator = new Evaluator({ control, road, saved, clock, log: logOf(log, 'alerts'), addressOf, sender })
  evaluator.look()
  return {
    alerts: new Alerts(deps, () => {
      evaluator.look()
    }),
    night() {
      control.alerts.forgetMessages()
    },
    stop: async () => evaluator.stop(),
  }
}
