// NET functions: all of them JavaScript (net-work.ts).
import type { FunctionRow } from './function-row.ts'

export const netFunctions: readonly FunctionRow[] = [
  { signature: 'NET.HOST(STRING) -> STRING', lower: 'bq_js_net_host($1)' },
  {
    signature: 'NET.PUBLIC_SUFFIX(STRING) -> STRING',
    lower: 'bq_js_net_public_suffix($1)',
    note: "By the public suffix list of Millpond's release.",
  },
  {
    signature: 'NET.REG_DOMAIN(STRING) -> STRING',
    lower: 'bq_js_net_reg_domain($1)',
    note: "By the public suffix list of Millpond's release.",
  },
  { signature: 'NET.IP_FROM_STRING(STRING) -> BYTES', lower: 'bq_js_net_ip_from_string($1)' },
  { signature: 'NET.SAFE_IP_FROM_STRING(STRING) -> BYTES', lower: 'bq_js_net_safe_ip_from_string($1)' },
  { signature: 'NET.IP_TO_STRING(BYTES) -> STRING', lower: 'bq_js_net_ip_to_string($1)' },
  { signature: 'NET.IP_NET_MASK(INT64, INT64) -> BYTES', lower: 'bq_js_net_ip_net_mask($1, $2)' },
  { signature: 'NET.IP_TRUNC(BYTES, INT64) -> BYTES', lower: 'bq_js_net_ip_trunc($1, $2)' },
  { signature: 'NET.IPV4_FROM_INT64(INT64) -> BYTES', lower: 'bq_js_net_ipv4_from_int64($1)' },
  { signature: 'NET.IPV4_TO_INT64(BYTES) -> INT64', lower: 'bq_js_net_ipv4_to_int64($1)' },
]
