// Asks destinations to forget who was erased, where their services can be asked: from a durable queue, until it is taken.
//
//   erased ─▶ waiting ──taken──▶ asked
//               ▲  └─ no, not now: a pause that doubles ──▶ tried again; after 30 days: given up
import type { DueAsk, ErasureStore, WantedAsk } from '../../control/erasure-store.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import { type Destination, judgeStatus } from './destination.ts'
import { senderTo } from './destination-run.ts'
import { secretsRemover } from './redact.ts'
import { destinationTypeOf } from './registry.ts'

export interface ForgettingDeps {
  readonly store: ErasureStore
  /** Those that are set up, with their secrets; disabled ones, too: their services have what they have. */
  readonly destinations: () => readonly Destination[]
  readonly clock: Clock
  readonly log: Log
}

export interface Forgetting extends Part {
  /** Whom an erasure in `dataset` (undefined: in all) concerns, and why somebody isn't asked. */
  wanted(dataset: string | undefined): readonly WantedAsk[]
  /** Something new is waiting. */
  wake(): void
}

const pauseMsMin = 60_000
const pauseMsMax = 6 * 3_600_000
const retryAfterMsMax = 24 * 3_600_000
const givenUpAfterMicros = 30 * 86_400_000_000
const noteLengthMax = 300
const removedNote = 'The destination was removed before it could be asked'

export function startForgetting(deps: ForgettingDeps): Forgetting {
  const { store, clock, log } = deps
  const stopping = new AbortController()
  let cancel = (): void => undefined
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    try {
      const due = store.due()
      // Opening their secrets costs: once for all of them, and never for none.
      const destinations = due.length === 0 ? [] : deps.destinations()
      for (const ask of due) {
        if (stopping.signal.aborted) return
        const destination = destinations.find(({ id }) => id === ask.destination)
        if (destination === undefined) store.settle(ask, 'given-up', removedNote)
        else await askOne(deps, destination, ask, stopping.signal)
      }
    } catch (error) {
      log.error({ err: error }, 'Destinations could not be asked to forget somebody; it is tried again.')
    }
    sleep()
  }

  function sleep(): void {
    if (stopping.signal.aborted) return
    const nextMicros = store.nextAtMicros()
    cancel()
    if (nextMicros === undefined) return
    const inMs = Math.max(1000, (nextMicros - clock.nowMicros()) / 1000)
    cancel = clock.schedule(begin, Math.min(inMs, pauseMsMax))
  }

  function begin(): void {
    running = running.then(run)
  }

  begin()
  return {
    wanted: (dataset) => deps.destinations().flatMap((one) => wantedOf(one, dataset)),
    wake() {
      cancel()
      begin()
    },
    async stop() {
      stopping.abort()
      cancel()
      await running
    },
  }
}

function wantedOf(destination: Destination, dataset: string | undefined): WantedAsk[] {
  const { id, name, sources, settings } = destination
  if (dataset !== undefined && sources.length > 0 && !sources.includes(dataset)) return []
  const type = destinationTypeOf(destination.type)
  const request = type.forget?.({ userId: 'anybody' }, settings, 0)
  if (request === undefined || 'notAsked' in request) return [{ id, name, notAsked: type.forgetNote }]
  // The service knows a person, not where they were seen.
  const hasOthers = dataset !== undefined && (sources.length !== 1 || sources[0] !== dataset)
  const othersNote = `It also gets other sources than ${dataset}, in which this person stays`
  return [{ id, name, notAsked: hasOthers ? othersNote : undefined }]
}

async function askOne(
  { store, clock, log }: ForgettingDeps,
  destination: Destination,
  ask: DueAsk,
  signal: AbortSignal,
): Promise<void> {
  const type = destinationTypeOf(destination.type)
  const request = type.forget?.(ask.names, destination.settings, clock.nowMicros())
  if (request === undefined || 'notAsked' in request) {
    store.settle(ask, 'not-asked', type.forgetNote)
    return
  }
  const removeSecrets = secretsRemover(type, destination.settings)
  // What is said of a person must not be kept here.
  const noteOf = (said: string): string => withoutNames(removeSecrets(said), ask).slice(0, noteLengthMax)
  const sender = senderTo(destination, 1)
  try {
    const { answer, error } = await sender.send(request, signal)
    if (signal.aborted) return
    const outcome = answer === undefined ? ({ kind: 'later', reason: error } as const) : judgeStatus(answer)
    if (outcome.kind === 'taken') {
      store.settle(ask, 'asked', '')
      log.info({ destination: destination.name }, 'A destination was asked to forget somebody who was erased.')
      return
    }
    const note = noteOf(outcome.reason)
    if (clock.nowMicros() - ask.erasedAtMicros > givenUpAfterMicros) {
      store.settle(ask, 'given-up', note)
      return
    }
    const doubling = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(ask.attempts, 20))
    const saidMs = outcome.kind === 'later' && 'afterMs' in outcome ? (outcome.afterMs ?? 0) : 0
    const pauseMs = Math.max(doubling, Math.min(saidMs, retryAfterMsMax))
    store.tryAgain(ask, note, clock.nowMicros() + pauseMs * 1000)
    log.warn({ destination: destination.name, note }, 'A destination did not take a request to forget somebody.')
  } catch (error) {
    if (signal.aborted) return
    store.tryAgain(ask, noteOf(messageOf(error)), clock.nowMicros() + pauseMsMax * 1000)
  } finally {
    await sender.stop()
  }
}

/** Services like to repeat what they were sent. */
function withoutNames(text: string, { names }: DueAsk): string {
  const known = Object.values(names).filter((one): one is string => typeof one === 'string' && one !== '')
  return known.reduce((left, one) => left.replaceAll(one, '[erased]'), text)
}
