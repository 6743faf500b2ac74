// What request bodies look like, as far as Millpond reads them. Loose: clients send fields for features that nobody asked for, and
// what would change an answer is refused by name where it is read (query-config.ts, table-text.ts), never passed over.
import { z } from 'zod'

import { invalid } from './google-error.ts'
import type { FieldInput } from './schema.ts'

const nameLengthMax = 1024

/** INT64 of the API: a string of digits, or a number. */
const int64 = z
  .union([z.string().regex(/^-?\d{1,19}$/), z.number().int()])
  .transform(String)
  .nullish()
  .transform((value) => value ?? undefined)

const flag = z
  .union([z.boolean(), z.literal('true').transform(() => true), z.literal('false').transform(() => false)])
  .nullish()
  .transform((value) => value ?? undefined)

function text(lengthMax = 1024 * 1024): z.ZodType<string | undefined> {
  return z
    .string()
    .max(lengthMax)
    .nullish()
    .transform((value) => value ?? undefined)
}

/** null clears what was set: '' is the road's word for it. */
const clearableText = z
  .string()
  .max(1024 * 1024)
  .nullable()
  .optional()
  .transform((value) => (value === null ? '' : value))
const clearableInt64 = z
  .union([z.string().regex(/^-?\d{1,19}$/), z.number().int(), z.null()])
  .optional()
  .transform((value) => (value === null ? '0' : value === undefined ? undefined : String(value)))

function list<Item extends z.ZodType>(
  item: Item,
  lengthMax = 10_000,
): z.ZodType<readonly z.output<Item>[] | undefined> {
  return z
    .array(item)
    .max(lengthMax)
    .nullish()
    .transform((value) => value ?? undefined)
}

function maybe<Shape extends z.ZodType>(shape: Shape): z.ZodType<z.output<Shape> | undefined> {
  return shape.nullish().transform((value) => value ?? undefined)
}

const unknowns = z.unknown().optional()

const labels = maybe(z.record(z.string().max(63), z.string().max(1024).nullable()))

export const datasetReference = z.looseObject({
  projectId: text(nameLengthMax),
  datasetId: z.string().max(nameLengthMax),
})
export const tableReference = z.looseObject({
  projectId: text(nameLengthMax),
  datasetId: z.string().max(nameLengthMax),
  tableId: z.string().max(nameLengthMax),
})
const jobReference = z.looseObject({
  projectId: text(nameLengthMax),
  jobId: text(nameLengthMax),
  location: text(100),
})

const field: z.ZodType<FieldInput> = z.looseObject({
  name: z.string().min(1).max(300),
  type: z.string().max(100),
  mode: text(20),
  get fields() {
    return list(field)
  },
  description: text(16_384),
  maxLength: int64,
  precision: int64,
  scale: int64,
  defaultValueExpression: text(),
  rangeElementType: maybe(z.looseObject({ type: z.string().max(100) })),
  collation: text(100),
  policyTags: maybe(z.looseObject({ names: list(z.string()) })),
})

export const tableSchema = z.looseObject({ fields: list(field) })

const timePartitioning = z.looseObject({
  type: text(20),
  field: text(300),
  expirationMs: int64,
  requirePartitionFilter: flag,
})
const rangePartitioning = z.looseObject({
  field: text(300),
  range: maybe(z.looseObject({ start: int64, end: int64, interval: int64 })),
})
const clustering = z.looseObject({ fields: list(z.string().max(300), 4) })

interface ParameterTypeInput {
  readonly type?: string | undefined
  readonly arrayType?: ParameterTypeInput | undefined
  readonly structTypes?:
    | readonly { readonly name?: string | undefined; readonly type: ParameterTypeInput }[]
    | undefined
  readonly rangeElementType?: ParameterTypeInput | undefined
}
const parameterType: z.ZodType<ParameterTypeInput> = z.looseObject({
  type: text(100),
  get arrayType() {
    return maybe(parameterType)
  },
  get structTypes() {
    return list(z.looseObject({ name: text(300), type: parameterType }))
  },
  get rangeElementType() {
    return maybe(parameterType)
  },
})
export interface ParameterValueInput {
  readonly value?: unknown
  readonly arrayValues?: readonly ParameterValueInput[] | undefined
  readonly structValues?: Readonly<Record<string, ParameterValueInput>> | undefined
  readonly rangeValue?: unknown
}
const parameterValue: z.ZodType<ParameterValueInput> = z.looseObject({
  value: unknowns,
  get arrayValues() {
    return list(parameterValue, 1_000_000)
  },
  get structValues() {
    return maybe(z.record(z.string(), parameterValue))
  },
  rangeValue: unknowns,
})
export const queryParameter = z.looseObject({
  name: text(300),
  parameterType: parameterType.optional(),
  parameterValue: maybe(parameterValue),
})
export type QueryParameterInput = z.output<typeof queryParameter>
export type { ParameterTypeInput }

const connectionProperties = list(z.looseObject({ key: text(), value: text() }), 100)

/** What jobs.query and the query part of a job's configuration share. */
const queryFields = {
  query: text(),
  useLegacySql: flag,
  defaultDataset: maybe(datasetReference),
  maximumBytesBilled: int64,
  parameterMode: text(20),
  queryParameters: list(queryParameter),
  useQueryCache: flag,
  createSession: flag,
  connectionProperties,
  destinationEncryptionConfiguration: unknowns,
  writeIncrementalResults: flag,
  continuous: flag,
} as const

export const queryConfiguration = z.looseObject({
  ...queryFields,
  destinationTable: maybe(tableReference),
  createDisposition: text(40),
  writeDisposition: text(40),
  priority: text(40),
  schemaUpdateOptions: list(z.string()),
  timePartitioning: maybe(timePartitioning),
  rangePartitioning: maybe(rangePartitioning),
  clustering: maybe(clustering),
  tableDefinitions: unknowns,
  userDefinedFunctionResources: list(z.unknown()),
  scriptOptions: unknowns,
})
export type QueryConfiguration = z.output<typeof queryConfiguration>

export const queryRequest = z.looseObject({
  ...queryFields,
  dryRun: flag,
  labels,
  location: text(100),
  maxResults: int64,
  requestId: text(200),
  timeoutMs: int64,
  jobTimeoutMs: int64,
  jobCreationMode: text(60),
  formatOptions: maybe(z.looseObject({ useInt64Timestamp: flag, timestampOutputFormat: text(40) })),
})
export type QueryRequestBody = z.output<typeof queryRequest>

export const loadConfiguration = z.looseObject({
  sourceUris: list(z.string()),
  schema: maybe(tableSchema),
  schemaInline: text(),
  destinationTable: maybe(tableReference),
  destinationTableProperties: unknowns,
  createDisposition: text(40),
  writeDisposition: text(40),
  sourceFormat: text(60),
  autodetect: flag,
  nullMarker: text(),
  nullMarkers: list(z.string()),
  fieldDelimiter: text(40),
  skipLeadingRows: int64,
  encoding: text(40),
  quote: text(10),
  maxBadRecords: int64,
  allowQuotedNewlines: flag,
  allowJaggedRows: flag,
  ignoreUnknownValues: flag,
  preserveAsciiControlCharacters: flag,
  projectionFields: list(z.string()),
  schemaUpdateOptions: list(z.string()),
  timePartitioning: maybe(timePartitioning),
  rangePartitioning: maybe(rangePartitioning),
  clustering: maybe(clustering),
  destinationEncryptionConfiguration: unknowns,
  hivePartitioningOptions: unknowns,
  decimalTargetTypes: list(z.string()),
  parquetOptions: unknowns,
  jsonExtension: text(40),
})
export type LoadConfiguration = z.output<typeof loadConfiguration>

export const copyConfiguration = z.looseObject({
  sourceTable: maybe(tableReference),
  sourceTables: list(tableReference, 1000),
  destinationTable: maybe(tableReference),
  createDisposition: text(40),
  writeDisposition: text(40),
  operationType: text(40),
  destinationEncryptionConfiguration: unknowns,
})
export type CopyConfiguration = z.output<typeof copyConfiguration>

export const jobResource = z.looseObject({
  jobReference: maybe(jobReference),
  configuration: maybe(
    z.looseObject({
      dryRun: flag,
      labels,
      jobTimeoutMs: int64,
      query: maybe(queryConfiguration),
      load: maybe(loadConfiguration),
      copy: maybe(copyConfiguration),
      extract: maybe(z.looseObject({})),
    }),
  ),
})
export type JobResource = z.output<typeof jobResource>

export const datasetResource = z.looseObject({
  datasetReference: maybe(datasetReference),
  friendlyName: clearableText,
  description: clearableText,
  labels,
  location: text(100),
  defaultTableExpirationMs: clearableInt64,
  defaultPartitionExpirationMs: clearableInt64,
  maxTimeTravelHours: int64,
  access: list(z.unknown()),
  defaultEncryptionConfiguration: unknowns,
  isCaseInsensitive: flag,
  defaultCollation: text(100),
})
export type DatasetResource = z.output<typeof datasetResource>

export const tableResource = z.looseObject({
  /** The dataset stands in the path. */
  tableReference: maybe(z.looseObject({ projectId: text(nameLengthMax), tableId: text(nameLengthMax) })),
  friendlyName: clearableText,
  description: clearableText,
  labels,
  expirationTime: clearableInt64,
  schema: maybe(tableSchema),
  timePartitioning: maybe(timePartitioning),
  rangePartitioning: maybe(rangePartitioning),
  clustering: maybe(clustering),
  requirePartitionFilter: flag,
  view: maybe(z.looseObject({ query: text(), useLegacySql: flag, userDefinedFunctionResources: list(z.unknown()) })),
  materializedView: maybe(
    z.looseObject({ query: text(), enableRefresh: flag, refreshIntervalMs: int64, maxStaleness: text() }),
  ),
  externalDataConfiguration: unknowns,
  snapshotDefinition: unknowns,
  cloneDefinition: unknowns,
  encryptionConfiguration: unknowns,
  defaultCollation: text(100),
  tableConstraints: unknowns,
})
export type TableResource = z.output<typeof tableResource>

export const insertAllRequest = z.looseObject({
  skipInvalidRows: flag,
  ignoreUnknownValues: flag,
  templateSuffix: text(200),
  traceId: text(),
  rows: list(
    z.looseObject({
      insertId: maybe(z.union([z.string().max(1024), z.number().transform(String)])),
      json: maybe(z.record(z.string(), z.unknown())),
    }),
    100_000,
  ),
})

const routineType = z.looseObject({
  typeKind: text(60),
  get arrayElementType(): z.ZodType<RoutineTypeInput | undefined> {
    return maybe(routineType)
  },
  get structType() {
    return maybe(z.looseObject({ fields: list(z.looseObject({ name: text(300), type: maybe(routineType) })) }))
  },
}) as z.ZodType<RoutineTypeInput>
export interface RoutineTypeInput {
  readonly typeKind?: string | undefined
  readonly arrayElementType?: RoutineTypeInput | undefined
  readonly structType?:
    | {
        readonly fields?:
          | readonly { readonly name?: string | undefined; readonly type?: RoutineTypeInput | undefined }[]
          | undefined
      }
    | undefined
}
export const routineResource = z.looseObject({
  routineReference: maybe(
    z.looseObject({ projectId: text(), datasetId: text(nameLengthMax), routineId: text(nameLengthMax) }),
  ),
  routineType: text(60),
  language: text(60),
  arguments: list(
    z.looseObject({ name: text(300), argumentKind: text(60), mode: text(20), dataType: maybe(routineType) }),
    1000,
  ),
  returnType: maybe(routineType),
  returnTableType: maybe(
    z.looseObject({ columns: list(z.looseObject({ name: text(300), type: maybe(routineType) })) }),
  ),
  definitionBody: text(),
  description: text(),
  strictMode: flag,
  importedLibraries: list(z.string()),
  remoteFunctionOptions: unknowns,
  sparkOptions: unknowns,
  determinismLevel: text(60),
})
export type RoutineResource = z.output<typeof routineResource>

/** Error: invalid, in words that name the field. */
export function parseShape<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = issue?.path.map(String).join('.').slice(0, 200) ?? ''
  throw invalid(`Invalid value at '${path}': ${issue?.message ?? 'of the wrong kind'}`, path === '' ? undefined : path)
}
