// The demo's command line.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly data: string
  readonly seed: string
  readonly days: number
  readonly households: number
  readonly live: boolean
  /** Things that happen in a minute of live traffic; each is a handful of events and log lines. */
  readonly pace: number
}

export const help = `Cubby, a baby-camera start-up that doesn't exist: fills a Millpond with its data, and goes on live.

  npm run demo                          30 days of history, then live traffic until Ctrl-C
  npm run demo -- --no-live             fill and stop

Options
  --data <folder>      data folder of the demo             (./millpond-demo)
  --seed <text>        another seed, another company       (cubby)
  --days <n>           days of history, 2 to 90            (30)
  --households <n>     customers, 10 to 5000               (700)
  --no-live            end when everything is loaded
  --pace <n>           things that happen in a live minute (60)

It uses the usual ports; where they are taken, set MILLPOND_HTTP_PORT, MILLPOND_FORWARD_PORT
and MILLPOND_POSTGRES_PORT.
`

/** Undefined: somebody asked for help. Throws an error with a sentence for people. */
export function readOptions(words: readonly string[], workingFolder: string): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...words],
    allowNegative: true,
    options: {
      data: { type: 'string', default: 'millpond-demo' },
      seed: { type: 'string', default: 'cubby' },
      days: { type: 'string', default: '30' },
      households: { type: 'string', default: '700' },
      live: { type: 'boolean', default: true },
      pace: { type: 'string', default: '60' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  return {
    data: resolve(workingFolder, values.data),
    seed: values.seed,
    days: wholeNumber('--days', values.days, 2, 90),
    households: wholeNumber('--households', values.households, 10, 5000),
    live: values.live,
    pace: wholeNumber('--pace', values.pace, 1, 6000),
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new Error(`${name} must be a whole number from ${least} to ${most}, not \`${text}\`.`)
  }
  return number
}
