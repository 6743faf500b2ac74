// What the demo says at the end of the fill: what is there, and what one could ask.
import { relative } from 'node:path'

import type { Filled } from './fill.ts'
import type { Desk } from './furnish/furnish.ts'
import type { Pond } from './pond.ts'

const questions: readonly { readonly ask: string; readonly sql: string }[] = [
  {
    ask: 'Which firmware loses its connection?',
    sql: 'SELECT firmware, COUNT(*) AS lost, COUNT(DISTINCT device_id) AS cameras FROM cubby_backend.camera_disconnected GROUP BY ALL ORDER BY lost DESC',
  },
  {
    ask: 'Is the new model better than the old one?',
    sql: 'SELECT version, role, COUNT(*) AS judged, APPROX_QUANTILES(latency_ms, 2)[OFFSET(1)] AS median_ms FROM ai.inferences GROUP BY ALL ORDER BY version, role',
  },
  {
    ask: 'What was kept out of the tables, and why?',
    sql: 'SELECT source, reason, SUM(events) AS events FROM millpond.dead_letters GROUP BY ALL ORDER BY events DESC',
  },
]

/** How Millpond is called from where the person stands. */
export function millpondCommand(data: string, workingFolder: string): string {
  const folder = relative(workingFolder, data)
  const short = folder === '' || folder.startsWith('..') ? data : `./${folder}`
  const word = /^[\w./-]+$/.test(short) ? short : `'${short.replaceAll("'", String.raw`'\''`)}'`
  return `node bin/millpond.js --data ${word}`
}

/** `link`: the administrator's, where it will still work when somebody reads this. */
export async function report(
  pond: Pond,
  { filled, desks }: { readonly filled: Filled | undefined; readonly desks: readonly Desk[] },
  workingFolder: string,
  link: string | undefined,
): Promise<string> {
  const command = millpondCommand(pond.data, workingFolder)
  const { ledger } = await pond.status()
  const rows = ledger.map(({ source, received, stored, flagged, duplicates, quarantined }) => {
    const numbers = [received, stored + flagged, duplicates, quarantined].map((one) =>
      one.toLocaleString('en').padStart(11),
    )
    return `    ${source.padEnd(16)}${numbers.join('')}`
  })
  const took =
    filled === undefined
      ? ''
      : ` ${filled.sent.toLocaleString('en')} sent and loaded in ${filled.seconds.toFixed(1)} s.`
  return [
    '',
    `  Cubby's data is in the pond.${took}`,
    '',
    `    ${'source'.padEnd(16)}${['received', 'stored', 'duplicates', 'kept out'].map((one) => one.padStart(11)).join('')}`,
    ...rows,
    '',
    '  Ask it',
    ...questions.flatMap(({ ask, sql }) => [`    ${ask}`, `      ${command} query "${sql}"`]),
    '',
    '  More to find           docs/guide/demo.md',
    link === undefined
      ? `  Look at it             ${pond.address}/   (token: ${command} token create laptop)`
      : `  Administrator, once    ${link}`,
    ...desks.map(({ role, email, path }) => `  ${`${role}, once`.padEnd(22)} ${pond.address}${path}   (${email})`),
    '',
    '',
  ].join('\n')
}
