// Functions that BigQuery has and we refuse by name. `X.*` stands for all functions of a family; ST_* is told by the compiler.
import type { RefusedFunctions } from './function-row.ts'

function each(names: string, reason: string): [string, string][] {
  return names.split(/\s+/).map((name) => [name, reason])
}

const sketches =
  'sketches of this kind belong to a library that Millpond does not have; HLL_COUNT.* and APPROX_* answer locally'
const keys = 'encryption with key sets belongs to a library that Millpond does not have; run it in BigQuery'
const search = 'search indexes and text analysis live in BigQuery only'
const graph = 'property graphs live in BigQuery only'
const local = 'this function is not supported locally'

export const refusedFunctions: RefusedFunctions = Object.fromEntries([
  ...each('AEAD.* KEYS.* DETERMINISTIC_ENCRYPT DETERMINISTIC_DECRYPT_BYTES DETERMINISTIC_DECRYPT_STRING', keys),
  ...each(
    'DLP_DETERMINISTIC_ENCRYPT DLP_DETERMINISTIC_DECRYPT DLP_KEY_CHAIN',
    'Cloud DLP can be asked from BigQuery only',
  ),
  ...each('KLL_QUANTILES.*', sketches),
  ...each('ML.* AI.* BQML.* VECTOR_SEARCH', 'models live in BigQuery only'),
  ...each('SEARCH TEXT_ANALYZE BAG_OF_WORDS TF_IDF VECTOR_INDEX.* BQ.*', search),
  ...each('S2_CELLIDFROMPOINT S2_COVERINGCELLIDS', 'GEOGRAPHY is not supported locally'),
  ...each('OBJ.* EXTERNAL_OBJECT_TRANSFORM', 'object tables live in BigQuery only'),
  ...each('APPENDS CHANGES', 'the history of changes of a table is kept by BigQuery only'),
  ...each('EXTERNAL_QUERY', 'connections to other databases live in BigQuery only'),
  ...each('DESTINATION_NODE_ID EDGES ELEMENT_DEFINITION_NAME ELEMENT_ID IS_ACYCLIC IS_TRAIL LABELS NODES', graph),
  ...each('PATH PATH_FIRST PATH_LAST PATH_LENGTH PROPERTY_NAMES SOURCE_NODE_ID GRAPH_TABLE', graph),
  ...each('GAP_FILL RANGE_SESSIONIZE JSON_FLATTEN JSON_CONTAINS AGG', local),
])
