// What the lexer makes, and how messages speak of it.
import type { Offset } from '../sql-error.ts'

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'int'
  | 'float'
  | 'string'
  | 'bytes'
  | 'parameter'
  | 'system'
  | 'symbol'
  | 'invalid'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** What the parser compares: a word in upper case, a symbol as it is, '' otherwise. */
  readonly key: string
  /** A word as written, a name or text without its quotes and escapes, the digits of a number, the message of an invalid one. */
  readonly text: string
  readonly bytes: Uint8Array | undefined
  readonly offset: Offset
  readonly end: Offset
}

/** BigQuery's reserved words: names only in back-ticks or behind a dot. */
export const reservedWords: ReadonlySet<string> = new Set(
  `ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT DEFINE DESC
  DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF
  IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER
  OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO
  TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN`.split(/\s+/),
)

/** Words of the grammar that are names as well: messages call them keywords. */
const knownWords: ReadonlySet<string> = new Set(
  `ADD AGGREGATE ALTER ASSERT BEGIN BREAK CALL CLONE CLUSTER COLUMN COMMIT CONSTRAINT CONTINUE COPY DATA DATE DATETIME DECLARE DELETE
  DETERMINISTIC DO DROP ELSEIF ENFORCED EXCEPTION EXECUTE EXPORT EXTERNAL FOREIGN FUNCTION GRANT IMMEDIATE INDEX INOUT INSERT ITERATE
  JSON KEY LANGUAGE LEAVE LOAD LOOP MATCHED MATERIALIZED MESSAGE MODEL NUMERIC BIGNUMERIC OFFSET OPTIONS OUT PERCENT PIVOT POLICY PRIMARY
  PROCEDURE RAISE RENAME REPEAT REPLACE RETURN RETURNS REVOKE ROLLBACK ROW SCHEMA SNAPSHOT SOURCE STORED STRICT SYSTEM TABLE TARGET TEMP
  TEMPORARY TIME TIMESTAMP TRANSACTION TRUNCATE UNPIVOT UNTIL UPDATE VALUE VALUES VIEW WHILE ZONE`.split(/\s+/),
)

export function isReserved(token: Token): boolean {
  return token.kind === 'word' && reservedWords.has(token.key)
}

/** A name that needs no AS before it. */
export function isName(token: Token): boolean {
  return token.kind === 'quoted' || (token.kind === 'word' && !reservedWords.has(token.key))
}

const textShownMax = 40

export function describeToken(token: Token): string {
  const shown = token.text.length > textShownMax ? `${token.text.slice(0, textShownMax)}...` : token.text
  switch (token.kind) {
    case 'word':
      return reservedWords.has(token.key) || knownWords.has(token.key)
        ? `keyword ${token.key}`
        : `identifier "${shown}"`
    case 'quoted':
      return `identifier \`${shown}\``
    case 'int':
      return `integer literal "${shown}"`
    case 'float':
      return `floating point literal "${shown}"`
    case 'string':
      return `string literal ${JSON.stringify(shown)}`
    case 'bytes':
      return 'bytes literal'
    case 'parameter':
      return '"@"'
    case 'system':
      return '"@@"'
    case 'symbol':
      return `"${token.key}"`
    case 'invalid':
      return token.text
    case 'end':
      return 'end of script'
  }
}
