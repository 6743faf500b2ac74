// The types of GoogleSQL as the compiler knows them, and how each is kept in DuckDB.
//
//   GoogleSQL     DuckDB            note
//   INT64         BIGINT            never INTEGER: a literal is 1::BIGINT
//   FLOAT64       DOUBLE
//   NUMERIC       DECIMAL(38,9)     exactly Google's range and scale
//   BIGNUMERIC    DECIMAL(38,18)    a part of Google's; what needs more is refused by name or fails loudly, never rounded
//   BOOL          BOOLEAN
//   STRING        VARCHAR
//   BYTES         BLOB
//   DATE          DATE
//   TIME          TIME
//   DATETIME      TIMESTAMP         no zone
//   TIMESTAMP     TIMESTAMPTZ       an instant; the session's zone is always UTC, zones are written out
//   INTERVAL      INTERVAL
//   JSON          JSON
//   ARRAY<T>      T[]
//   STRUCT<…>     STRUCT(…)         a field without a name, or with one that stands twice, is called _field_1, _field_2, …

export type ScalarKind =
  | 'INT64'
  | 'FLOAT64'
  | 'NUMERIC'
  | 'BIGNUMERIC'
  | 'BOOL'
  | 'STRING'
  | 'BYTES'
  | 'DATE'
  | 'TIME'
  | 'DATETIME'
  | 'TIMESTAMP'
  | 'INTERVAL'
  | 'JSON'

export interface ScalarType {
  readonly kind: ScalarKind
}

export interface ArrayType {
  readonly kind: 'ARRAY'
  readonly element: SqlType
}

export interface StructField {
  /** undefined: the field has no name. */
  readonly name: string | undefined
  readonly type: SqlType
}

export interface StructType {
  readonly kind: 'STRUCT'
  readonly fields: readonly StructField[]
}

export interface RangeType {
  readonly kind: 'RANGE'
  readonly element: ScalarType
}

export type SqlType = ScalarType | ArrayType | StructType | RangeType
