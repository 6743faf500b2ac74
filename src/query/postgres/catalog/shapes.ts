// The tables of the catalogue by the names they have in a session, with the engine's types of their columns.
import { catalogShapes } from './shapes-catalog.ts'
import { informationShapes } from './shapes-information.ts'

export interface ShapeColumn {
  readonly name: string
  readonly type: string
}

const letterTypes: Record<string, string> = {
  o: 'UINTEGER',
  p: 'UINTEGER',
  t: 'VARCHAR',
  b: 'BOOLEAN',
  s: 'SMALLINT',
  i: 'INTEGER',
  l: 'BIGINT',
  f: 'FLOAT',
  d: 'DOUBLE',
  z: 'TIMESTAMPTZ',
  v: 'INTERVAL',
  x: 'BLOB',
  T: 'VARCHAR[]',
  O: 'UINTEGER[]',
  S: 'SMALLINT[]',
  I: 'INTEGER[]',
  F: 'FLOAT[]',
}

/** Views of information_schema have this before their name: a session's tables have no schema. */
export const informationPrefix = 'information_schema_'

/** Tables of ours that functions of the catalogue read. */
const helperShapes: Record<string, string> = {
  pg_millpond_relations: 'oid o, name t, bytes l, definition t',
  pg_millpond_names: 'name t, oid o',
  pg_get_keywords: 'word t, catcode t, barelabel b, catdesc t, baredesc t',
}

export const shapes: ReadonlyMap<string, readonly ShapeColumn[]> = new Map([
  ...Object.entries(catalogShapes).map(([name, text]): [string, ShapeColumn[]] => [name, readShape(text)]),
  ...Object.entries(informationShapes).map(([name, text]): [string, ShapeColumn[]] => [
    informationPrefix + name,
    readShape(text),
  ]),
  ...Object.entries(helperShapes).map(([name, text]): [string, ShapeColumn[]] => [name, readShape(text)]),
])

function readShape(text: string): ShapeColumn[] {
  return text.split(',').map((part) => {
    const [name = '', letter = ''] = part.trim().split(/\s+/)
    return { name, type: letterTypes[letter] ?? 'VARCHAR' }
  })
}
