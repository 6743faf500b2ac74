// Bulk read through the Postgres port, in text and in binary: rows a second and the client's peak of memory, over a server that
// runs already.
//   node bench/postgres.ts postgres://ada:mp_…@localhost:5433/millpond 'SELECT * FROM web.tracks LIMIT 5000000'
import { once } from 'node:events'

import { Client, Query, type QueryConfig } from 'pg'

const [url, sql = 'SELECT range AS id, range::VARCHAR AS name, now() AS seen FROM range(5000000)'] =
  process.argv.slice(2)

for (const isBinary of [false, true]) {
  const client = new Client({ connectionString: url })
  await client.connect()
  const started = performance.now()
  let rows = 0
  let rssMax = 0
  // `binary` is there, its types don't know it.
  const config: QueryConfig = Object.assign({ text: sql }, { binary: isBinary })
  const query = client.query(new Query(config))
  query.on('row', () => {
    rows += 1
    if (rows % 10_000 === 0) rssMax = Math.max(rssMax, process.memoryUsage().rss)
  })
  await once(query, 'end')
  const seconds = (performance.now() - started) / 1000
  await client.end()
  const [rate, peakMib] = [Math.round(rows / seconds), Math.round(rssMax / 2 ** 20)]
  console.info(
    `${isBinary ? 'binary' : 'text'}: ${rows} rows in ${seconds.toFixed(1)} s: ${rate} rows/s; client's peak ${peakMib} MiB`,
  )
}
