// `npm run demo`: the demo company. Starts a Millpond of its own, fills it with history, furnishes it
// (people, queries, schedules, dashboards, alerts), passes events on to vendors of its own, and goes on with live traffic.
//
//   options ──▶ pond (start or join) ──▶ fill: stories ─▶ facts ─▶ traffic ─▶ senders ──▶ report ──▶ live, until Ctrl-C
import { foundCompany } from './company/company.ts'
import { spanFrom } from './company/span.ts'
import { fill, type Filled, type FillParts } from './fill.ts'
import { connectDestinations, settledDestinations } from './furnish/destinations.ts'
import { furnish } from './furnish/furnish.ts'
import { live } from './live.ts'
import { type DemoOptions, help, readOptions } from './options.ts'
import { openPond, type Pond } from './pond.ts'
import { startFillProgress } from './progress.ts'
import { millpondCommand, report } from './report.ts'
import type { RawKeys } from './senders/raw.ts'
import { type DemoState, readState, writeState } from './state.ts'
import { type DemoVendors, startVendors } from './vendors.ts'

/** npm and the terminal may both pass on one Ctrl-C. */
const sameSignalMs = 1000
/** What the vendors have not taken by then waits for the next start. */
const deliverMsMax = 20_000

function say(text: string): void {
  process.stdout.write(text)
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

async function run(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const state = await readState(options, Date.now())
  const pond = await openPond(options.data)
  const vendors = await startVendors()
  try {
    say(`\n  Millpond ${pond.isOurs ? 'started' : 'runs already'} at ${pond.address}, data folder ${pond.data}\n`)
    const { keys, filled, company } = await filledPond(options, state, { pond, vendors }, signal)
    await connectDestinations(pond.call, vendors.urls)
    const desks = await furnish(pond, dayOf(state.startMs), dayOf(Date.now()))
    const link = options.live ? pond.loginLink : undefined
    say(await report(pond, { filled, desks: options.live ? desks : [] }, process.cwd(), link))
    if (!options.live) await settledDestinations(pond.call, deliverMsMax, signal)
    else {
      say('  Live traffic goes on. Ctrl-C ends it.\n')
      const { sent } = await live({
        company,
        pond,
        keys,
        pace: options.pace,
        say: (text) => say(`  ${text}\n`),
        signal,
      })
      say(`\n  ${sent.toLocaleString('en')} live messages sent.\n`)
    }
  } finally {
    await pond.stop()
    await vendors.stop()
    if (pond.isOurs)
      say(`  Millpond is stopped. Start it again: ${millpondCommand(options.data, process.cwd())} start\n`)
  }
}

interface Place {
  readonly pond: Pond
  readonly vendors: DemoVendors
}

async function filledPond(options: DemoOptions, known: DemoState, { pond, vendors }: Place, signal: AbortSignal) {
  let state = known
  let keys = await pond.writeKeys()
  if (state.rotatedKey === undefined) {
    state = { ...state, rotatedKey: keys.cubby_backend }
    await pond.rotate('cubby_backend')
    await writeState(options.data, state)
    keys = await pond.writeKeys()
  }
  const rawKeys: RawKeys = { current: keys, rotated: state.rotatedKey ?? '' }
  const company = foundCompany({ ...state, span: spanFrom(state.startMs, state.days) })
  let filled: Filled | undefined
  if (state.filledMs === undefined) {
    say(`  ${state.days} days of ${state.households} households go in:\n`)
    const nowMs = Date.now()
    const progress = startFillProgress(state.days, process.stderr)
    try {
      const beforeDay: FillParts['beforeDay'] = async (daysLeft, loaded) =>
        connectDestinations(pond.call, vendors.urls, { daysLeft, loaded })
      filled = await fill({ company, pond, keys: rawKeys, progress, signal, beforeDay }, nowMs)
    } finally {
      progress.stop()
    }
    await writeState(options.data, { ...state, filledMs: nowMs })
  }
  return { keys: rawKeys, filled, company }
}

function endBySignal(): AbortSignal {
  const ending = new AbortController()
  let firstMs = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (firstMs === 0) firstMs = performance.now()
      else if (performance.now() - firstMs > sameSignalMs) process.exit(1)
      ending.abort(new Error('Stopped. Run the demo again to go on: nothing is stored twice.'))
    })
  }
  return ending.signal
}

try {
  const options = readOptions(process.argv.slice(2), process.cwd())
  if (options === undefined) say(help)
  else await run(options, endBySignal())
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
