// The words of a parameter's value, on the SQL page and where it is scheduled.
export const valueWords = {
  'value.value': ['Value of {name}', '{name} 的值'],
  'value.kind': ['Kind of date of {name}', '{name} 的日期種類'],
  'value.fixed': ['fixed', '固定'],
  'value.relative': ['relative', '相對'],
  'value.choose': ['Choose …', '請選擇…'],
  'value.null': ['empty is NULL', '留空代表 NULL'],
  'value.array': ['JSON, as ["a", "b"]', 'JSON，例如 ["a", "b"]'],
} as const
