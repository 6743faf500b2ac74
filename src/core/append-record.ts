// Rows that a program streamed into a made table, as one record of stream `appends`: checked against the table's schema by the door
// that took them, applied by deliver/appends. One line a row: the insert id as JSON (null: none), a tab, the row as JSON. Neither
// text holds a tab or a line feed, since JSON writes both as escapes.

/** The record's meta. */
export interface AppendMeta {
  readonly dataset: string
  readonly table: string
}

export interface AppendRow {
  readonly insertId: string | undefined
  /** A JSON object with the table's own column names. */
  readonly json: string
}

export function appendBody(rows: readonly AppendRow[]): Uint8Array {
  return Buffer.from(rows.map(({ insertId, json }) => `${JSON.stringify(insertId ?? null)}\t${json}\n`).join(''))
}

/** What isn't a line of ours is left out: a frame's checksum was right, so only another version wrote it. */
export function readAppendBody(body: Uint8Array): AppendRow[] {
  const rows: AppendRow[] = []
  for (const line of Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').split('\n')) {
    const tab = line.indexOf('\t')
    if (tab < 0) continue
    const id: unknown = JSON.parse(line.slice(0, tab))
    rows.push({ insertId: typeof id === 'string' ? id : undefined, json: line.slice(tab + 1) })
  }
  return rows
}
