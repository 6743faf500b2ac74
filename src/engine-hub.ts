// The hub, with what it needs of the control data and the warehouse.
import type { Control } from './control/control.ts'
import type { DestinationInfo } from './control/destination-store.ts'
import type { Append } from './buffer/record.ts'
import { systemClock as clock } from './core/clock.ts'
import { logOf, type Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import type { Destination } from './deliver/destinations/destination.ts'
import { type Forgetting, startForgetting } from './deliver/destinations/forgetting.ts'
import { type Hub, startHub } from './deliver/destinations/hub.ts'
import type { DeliveredQuestion } from './deliver/destinations/hub-messages.ts'
import { deliveryKey, type Replay, type ReplayWish } from './deliver/destinations/replay/replay.ts'
import { readAll, readErased } from './deliver/warehouse/schema-start.ts'
import { quoteText } from './warehouse/duckdb/names.ts'
import type { WarehouseDriver } from './warehouse/driver.ts'

export interface HubStorage {
  readonly control: Control
  readonly driver: WarehouseDriver
  /** To stream `engine`. */
  readonly append: Append
}

export async function openHub(settings: Settings, { control, driver, append }: HubStorage, log: Log): Promise<Hub> {
  const hub = await startHub({
    settings,
    destinations: () => activeDestinations(control, log),
    replays: () => replaysAtWork(control),
    delivered: async (asked) => deliveredOf(control, driver, asked),
    replayEnded: ({ id, state, counts }) => {
      control.replays.ended(id, state, { ...counts })
      hub.destinationsChanged()
    },
    erasures: async () => readErased(driver),
    append,
    clock,
    log: logOf(log, 'hub'),
  })
  return hub
}

export function openForgetting(control: Control, log: Log): Forgetting {
  return startForgetting({
    store: control.erasures,
    destinations: () => opened(control, control.destinations.list(), log),
    clock,
    log: logOf(log, 'forgetting'),
  })
}

/** One whose secrets can't be read stands still, and the others go on. */
function activeDestinations(control: Control, log: Log): Destination[] {
  const active = control.destinations.list().filter(({ state }) => state === 'active')
  return opened(control, active, log)
}

function opened(control: Control, infos: readonly DestinationInfo[], log: Log): Destination[] {
  return infos.flatMap((info) => {
    const { name, settings } = info
    try {
      return [{ ...info, settings: { ...settings, ...control.destinations.secretsOf(name) } }]
    } catch (error) {
      log.error({ err: error, destination: name }, 'A destination cannot be started.')
      return []
    }
  })
}

function replaysAtWork(control: Control): Replay[] {
  return control.replays.atWork().map(({ id, destination, state, wish }) => {
    // Checked when it was asked for.
    return { ...(wish as unknown as ReplayWish), id, destination, state: state as Replay['state'] }
  })
}

async function deliveredOf(
  control: Control,
  driver: WarehouseDriver,
  { destination, replay, events, fromMicros, toMicros }: DeliveredQuestion,
): Promise<string[]> {
  const info = control.destinations.list().find(({ id }) => id === destination)
  const catalog = await driver.catalog()
  // Nobody has the ledger before its first entry, and the column before the first replay's.
  const columns = catalog.get('millpond')?.get('deliveries') ?? []
  const isThere = columns.some(({ name }) => name === (replay === undefined ? 'message_id' : 'replay_id'))
  if (info === undefined || !isThere) return []
  const ids = events.map(({ messageId }) => quoteText(messageId)).join(', ')
  // Times of the ledger have milliseconds.
  const rows = await readAll(
    driver,
    `SELECT DISTINCT event_source, message_id FROM millpond.deliveries
     WHERE destination = ${quoteText(info.name)} AND status = 'delivered'
       AND settled_at >= make_timestamptz(${info.createdAtMicros}::BIGINT)
       AND event_received_at BETWEEN make_timestamptz(${fromMicros - 1000}::BIGINT)
         AND make_timestamptz(${toMicros + 1000}::BIGINT)
       AND message_id IN (${ids})${replay === undefined ? '' : ` AND replay_id = ${quoteText(replay)}`}`,
  )
  return rows.map(([source, messageId]) => deliveryKey({ source: String(source), messageId: String(messageId) }))
}
