// The JSON functions that JavaScript computes, as the warehouse registers them.
import type { JsFunction } from './js-function.ts'
import * as work from './json-work.ts'

/** Their parameters are those that the engine hands over, as `parameters` says. */
type Call = (...values: never[]) => unknown

function define(name: string, parameters: string, result: string, call: Call): JsFunction {
  return { name: `bq_js_json_${name}`, parameters: parameters.split(' '), result, call }
}

const texts = 'VARCHAR VARCHAR VARCHAR'

export const jsonJsFunctions: readonly JsFunction[] = [
  define('normal', 'VARCHAR', 'VARCHAR', work.normalJson),
  define('lay_out', 'VARCHAR', 'VARCHAR', work.layOut),
  define('pretty', 'VARCHAR', 'VARCHAR', work.prettyJson),
  define('parse', 'VARCHAR VARCHAR', 'VARCHAR', work.parseJsonText),
  define('value_of_text', texts, 'VARCHAR', work.valueOfText),
  define('query_of_text', texts, 'VARCHAR', work.queryOfText),
  define('query_array_of_text', texts, 'VARCHAR[]', work.queryArrayOfText),
  define('value_array_of_text', texts, 'VARCHAR[]', work.valueArrayOfText),
  define('value_of_json', texts, 'VARCHAR', work.valueOfJson),
  define('query_of_json', texts, 'VARCHAR', work.queryOfJson),
  define('query_array_of_json', texts, 'VARCHAR[]', work.queryArrayOfJson),
  define('value_array_of_json', texts, 'VARCHAR[]', work.valueArrayOfJson),
  define('type', 'VARCHAR', 'VARCHAR', work.typeOfJson),
  define('keys', 'VARCHAR BIGINT VARCHAR', 'VARCHAR[]', work.keysOfJson),
  define('object', 'VARCHAR[] VARCHAR[]', 'VARCHAR', work.objectJson),
  define('edit', 'VARCHAR VARCHAR VARCHAR[] BOOLEAN[] BOOLEAN', 'VARCHAR', work.editJson),
  define('remove', 'VARCHAR VARCHAR[]', 'VARCHAR', work.removeFromJson),
  define('strip', 'VARCHAR VARCHAR BOOLEAN BOOLEAN', 'VARCHAR', work.stripJson),
  define('string', 'VARCHAR', 'VARCHAR', work.stringOfJson),
  define('bool', 'VARCHAR', 'BOOLEAN', work.boolOfJson),
  define('int', 'VARCHAR', 'BIGINT', work.intOfJson),
  define('float', 'VARCHAR VARCHAR', 'DOUBLE', work.floatOfJson),
  define('lax_bool', 'VARCHAR', 'BOOLEAN', work.laxBool),
  define('lax_int', 'VARCHAR', 'BIGINT', work.laxInt),
  define('lax_float', 'VARCHAR', 'DOUBLE', work.laxFloat),
  define('lax_string', 'VARCHAR', 'VARCHAR', work.laxString),
  define('contains_text', texts, 'BOOLEAN', work.containsText),
]
