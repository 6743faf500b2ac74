// format_type(oid, modifier): the name of a type as SQL writes it.
import { typeRows } from '../catalog/types-table.ts'

export function formatTypeSql(oid: string, modifier: string): string {
  const names = typeRows.map((row) => `WHEN ${row.oid} THEN '${row.shown}'`).join(' ')
  const numeric = `CASE WHEN coalesce(${modifier}, -1) >= 4 THEN '(' || ((${modifier}) - 4) // 65536 || ',' || ((${modifier}) - 4) % 65536 || ')' ELSE '' END`
  return `(CASE ${oid} WHEN 1700 THEN 'numeric' || ${numeric} WHEN 1231 THEN 'numeric' || ${numeric} || '[]' WHEN 0 THEN '-' ${names} WHEN NULL THEN NULL ELSE CASE WHEN ${oid} IS NULL THEN NULL ELSE '???' END END)`
}
