// Values of a row of JSON -> values of a table's columns, as BigQuery's load jobs read them: records and repeated fields must have
// their shape, unknown fields are told, and what can't be read raises an error that names the field.
import { failText } from '../../sql/functions/fail.ts'
import type { EngineType } from '../session.ts'
import { quoteName, quoteText } from './names.ts'
import { leafSql, nameOf } from './wire-values.ts'

export interface JsonPlace {
  /** `items.price` */
  readonly path: string
  readonly ignoresUnknown: boolean
  readonly depth: number
}

/** `x`: an expression of type JSON; NULL for JSON's null. */
export function jsonValueSql(x: string, type: EngineType, place: JsonPlace): string {
  if (type.kind === 'LIST') return listSql(x, type, place)
  if (type.kind === 'STRUCT') return structSql(x, type, place)
  if (type.kind === 'JSON') return x
  const text = `(CASE WHEN json_type(${x}) IN ('OBJECT', 'ARRAY')
    THEN ${failText(`Field ${place.path} is no record and not repeated`, 'VARCHAR')} ELSE ${x}->>'$' END)`
  return leafSql(text, type)
}

type List = Extract<EngineType, { readonly kind: 'LIST' }>
type Struct = Extract<EngineType, { readonly kind: 'STRUCT' }>

function listSql(x: string, type: List, place: JsonPlace): string {
  const name = nameOf(type)
  const element = `e${place.depth}`
  const value = jsonValueSql(element, type.element, { ...place, depth: place.depth + 1 })
  return `CASE WHEN ${x} IS NULL THEN []::${name}
    WHEN json_type(${x}) <> 'ARRAY' THEN ${failText(`Field ${place.path} is repeated: it must be an array`, name)}
    ELSE list_transform(from_json(${x}, '["JSON"]'), lambda ${element}: CASE
      WHEN ${element} IS NULL THEN ${failText(`Only optional fields can be set to NULL. Field: ${place.path}`, nameOf(type.element))}
      ELSE ${value} END) END`
}

function structSql(x: string, { fields, ...type }: Struct, place: JsonPlace): string {
  const name = nameOf({ ...type, fields })
  const structure = Object.fromEntries(fields.map((field) => [field.name, 'JSON']))
  const parsed = `from_json(${x}, ${quoteText(JSON.stringify(structure))})`
  const list = fields.map((field) => {
    const inner = `struct_extract(${parsed}, ${quoteText(field.name)})`
    const value = jsonValueSql(inner, field.type, { ...place, path: `${place.path}.${field.name}` })
    return `${quoteName(field.name)} := ${value}`
  })
  const names = fields.map((field) => field.name)
  const unknown = place.ignoresUnknown
    ? ''
    : `WHEN ${hasUnknown(x, names, place.depth)} THEN ${failText(`No such field in ${place.path}`, name)}`
  return `CASE WHEN ${x} IS NULL THEN NULL
    WHEN json_type(${x}) <> 'OBJECT' THEN ${failText(`This field: ${place.path} is a record`, name)} ${unknown}
    ELSE struct_pack(${list.join(', ')}) END`
}

/** Whether an object has other fields than these. */
export function hasUnknown(x: string, names: readonly string[], depth: number): string {
  return `len(list_filter(json_keys(${x}), lambda k${depth}: NOT list_contains([${names.map(quoteText).join(', ')}]::VARCHAR[], k${depth}))) > 0`
}
