// Hashes of text and bytes, as BYTES; FARM_FINGERPRINT as a number.
import type { FunctionRow } from './function-row.ts'

const native = ['MD5', 'SHA1', 'SHA256'].flatMap((name): FunctionRow[] =>
  ['STRING', 'BYTES'].map((type) => ({
    signature: `${name}(${type}) -> BYTES`,
    lower: `unhex(${name.toLowerCase()}($1))`,
  })),
)

export const hashFunctions: readonly FunctionRow[] = [
  ...native,
  { signature: 'SHA512(STRING) -> BYTES', lower: 'bq_js_sha512(encode($1))' },
  { signature: 'SHA512(BYTES) -> BYTES', lower: 'bq_js_sha512($1)' },
  { signature: 'FARM_FINGERPRINT(STRING) -> INT64', lower: 'bq_js_farm_fingerprint(encode($1))' },
  { signature: 'FARM_FINGERPRINT(BYTES) -> INT64', lower: 'bq_js_farm_fingerprint($1)' },
]
