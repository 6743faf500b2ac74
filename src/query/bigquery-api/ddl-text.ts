// Resources of the API -> GoogleSQL that makes or changes them. Names are quoted, texts are literals; what a client gives as SQL (a
// view's query, a default) stands in brackets or at the end and runs with that client's own rights, as it would in a query.
import { invalid, unsupported } from './google-error.ts'
import { type FieldInput, modeOf, quoteName, typeText } from './schema.ts'
import type { DatasetResource, TableResource } from './shapes.ts'

const millisPerDay = 86_400_000

export function literal(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

export type Option = readonly [name: string, value: string]

export function optionsText(options: readonly Option[]): string {
  return options.length === 0 ? '' : `OPTIONS(${options.map(([name, value]) => `${name} = ${value}`).join(', ')})`
}

function text(name: string, value: string | undefined): Option[] {
  return value === undefined ? [] : [[name, value === '' ? 'NULL' : literal(value)]]
}

/** A label whose value is null goes away. */
export function labelsOption(labels: Readonly<Record<string, string | null>> | undefined): Option[] {
  if (labels === undefined) return []
  const pairs = Object.entries(labels).filter((pair): pair is [string, string] => pair[1] !== null)
  return [['labels', `[${pairs.map(([name, value]) => `(${literal(name)}, ${literal(value)})`).join(', ')}]`]]
}

function days(name: string, millis: string | undefined): Option[] {
  if (millis === undefined) return []
  return [[name, millis === '0' ? 'NULL' : String(Number(millis) / millisPerDay)]]
}

/** Those that were said. Error: invalid. */
export function datasetOptions(resource: DatasetResource): Option[] {
  if (resource.defaultEncryptionConfiguration !== undefined && resource.defaultEncryptionConfiguration !== null)
    throw unsupported('encryption keys of a dataset')
  if (resource.isCaseInsensitive === true) throw unsupported('case-insensitive datasets')
  if ((resource.defaultCollation ?? '') !== '') throw unsupported('collation of a dataset')
  return [
    ...text('friendly_name', resource.friendlyName),
    ...text('description', resource.description),
    ...labelsOption(resource.labels),
    ...days('default_table_expiration_days', resource.defaultTableExpirationMs),
    ...days('default_partition_expiration_days', resource.defaultPartitionExpirationMs),
  ]
}

/** Nothing is cleared of what is new. */
function set(options: readonly Option[]): Option[] {
  return options.filter(([, value]) => value !== 'NULL')
}

export function createSchema(dataset: string, resource: DatasetResource): string {
  const { location } = resource
  const options = set([...datasetOptions(resource), ...text('location', location)])
  return `CREATE SCHEMA ${quoteName(dataset)} ${optionsText(options)}`.trim()
}

/** Also what can't be kept. Error: invalid. */
export function tableOptions(resource: TableResource): Option[] {
  for (const name of [
    'externalDataConfiguration',
    'snapshotDefinition',
    'cloneDefinition',
    'encryptionConfiguration',
  ] as const) {
    if (resource[name] !== undefined && resource[name] !== null) throw unsupported(`${name} of a table`)
  }
  if ((resource.defaultCollation ?? '') !== '') throw unsupported('collation of a table')
  const { expirationTime } = resource
  return [
    ...text('friendly_name', resource.friendlyName),
    ...text('description', resource.description),
    ...labelsOption(resource.labels),
    ...(expirationTime === undefined ? [] : [expirationOption(expirationTime)]),
  ]
}

function expirationOption(millis: string): Option {
  if (millis === '0') return ['expiration_timestamp', 'NULL']
  const date = new Date(Number(millis))
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999)
    throw invalid(`Invalid value for expirationTime: ${millis}`)
  return ['expiration_timestamp', `TIMESTAMP ${literal(`${date.toISOString().slice(0, -1)}+00:00`)}`]
}

function partitionOptions({ timePartitioning, requirePartitionFilter }: TableResource): Option[] {
  const isRequired = requirePartitionFilter ?? timePartitioning?.requirePartitionFilter
  return [
    ...days('partition_expiration_days', timePartitioning?.expirationMs),
    ...(isRequired === undefined ? [] : [['require_partition_filter', String(isRequired)] as const]),
  ]
}

export function columnText(field: FieldInput): string {
  const required = modeOf(field) === 'REQUIRED' ? ' NOT NULL' : ''
  const byDefault = field.defaultValueExpression === undefined ? '' : ` DEFAULT (${field.defaultValueExpression})`
  const options = optionsText(
    field.description === undefined || field.description === '' ? [] : text('description', field.description),
  )
  return `${quoteName(field.name)} ${typeText(field)}${byDefault}${required}${options === '' ? '' : ` ${options}`}`
}

/** Error: invalid. */
function partitionText({ schema, timePartitioning, rangePartitioning }: TableResource): string {
  if (rangePartitioning?.field !== undefined) {
    const { start = '0', end, interval } = rangePartitioning.range ?? {}
    if (end === undefined || interval === undefined)
      throw invalid('rangePartitioning needs a range with start, end and interval')
    const column = quoteName(rangePartitioning.field)
    return `PARTITION BY RANGE_BUCKET(${column}, GENERATE_ARRAY(${start}, ${end}, ${interval}))`
  }
  if (timePartitioning === undefined) return ''
  const granularity = (timePartitioning.type ?? 'DAY').toUpperCase()
  if (!['HOUR', 'DAY', 'MONTH', 'YEAR'].includes(granularity))
    throw invalid(`Invalid value for timePartitioning.type: ${granularity.slice(0, 40)} is not a valid value`)
  const { field } = timePartitioning
  if (field === undefined)
    return granularity === 'DAY'
      ? 'PARTITION BY _PARTITIONDATE'
      : `PARTITION BY TIMESTAMP_TRUNC(_PARTITIONTIME, ${granularity})`
  const column = (schema?.fields ?? []).find(({ name }) => name.toLowerCase() === field.toLowerCase())
  if (column === undefined)
    throw invalid(`The field specified for partitioning cannot be found in the schema: ${field}`)
  return `PARTITION BY ${timeUnit(column.type.toUpperCase(), quoteName(field), granularity)}`
}

function timeUnit(type: string, name: string, granularity: string): string {
  if (type === 'DATE') return granularity === 'DAY' ? name : `DATE_TRUNC(${name}, ${granularity})`
  if (granularity === 'DAY') return `DATE(${name})`
  if (type === 'DATETIME') return `DATETIME_TRUNC(${name}, ${granularity})`
  return `TIMESTAMP_TRUNC(${name}, ${granularity})`
}

function bodyOf(query: string | undefined): string {
  const body = (query ?? '').trim().replace(/;\s*$/, '')
  if (body === '') throw invalid('Required parameter is missing: view.query')
  return body
}

/** A table, a view or a materialized view, as the resource says. Error: invalid. */
export function createTable(name: string, resource: TableResource, verb = 'CREATE'): string {
  const { view, materializedView, schema, clustering } = resource
  if (view !== undefined) {
    if (view.useLegacySql === true) throw unsupported('views in legacy SQL. Send useLegacySql: false.')
    if ((view.userDefinedFunctionResources ?? []).length > 0) throw unsupported('functions of a view from outside')
    return [`${verb} VIEW ${name}`, optionsText(set(tableOptions(resource))), `AS ${bodyOf(view.query)}`]
      .filter(Boolean)
      .join('\n')
  }
  const cluster =
    (clustering?.fields ?? []).length === 0 ? '' : `CLUSTER BY ${(clustering?.fields ?? []).map(quoteName).join(', ')}`
  const options = optionsText(set(changedOptions(resource)))
  if (materializedView !== undefined)
    return [`${verb} MATERIALIZED VIEW ${name}`, cluster, options, `AS ${bodyOf(materializedView.query)}`]
      .filter(Boolean)
      .join('\n')
  const fields = schema?.fields ?? []
  if (fields.length === 0)
    throw invalid(
      'Millpond needs the schema when a table is made. Send schema.fields, or make it by a load job with autodetect.',
    )
  const columns = `(\n  ${fields.map(columnText).join(',\n  ')}\n)`
  return [`${verb} TABLE ${name} ${columns}`, partitionText(resource), cluster, options].filter(Boolean).join('\n')
}

/** Options of a partitioned table that may change later. */
export function changedOptions(resource: TableResource): Option[] {
  return [...tableOptions(resource), ...partitionOptions(resource)]
}
