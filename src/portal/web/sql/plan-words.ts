// The words of the plan: what a query would read.
export const planWords = {
  'reads.title': ['What it would read', '會讀取的內容'],
  'reads.text': [
    'Bytes that this query would read, by column and by day. Fewer columns and a filter over the day make it cheaper.',
    '這個查詢會讀取的位元組，依欄位與日期分列。減少欄位或篩選日期可以降低費用。',
  ],
  'reads.empty': ['Write a query, and what it would read is shown here.', '寫下查詢後，這裡會顯示會讀取的內容。'],
  'reads.nothing': ['It reads no table.', '不會讀取任何資料表。'],
  'reads.hidden': [
    'A filter hides some of its rows from you, so its columns and days are not told.',
    '部分資料列對你隱藏，因此不顯示欄位與日期。',
  ],
  'reads.columns': ['Columns of {table}', '{table} 的欄位'],
  'reads.days': ['Days of {table}', '{table} 的日期'],
  'reads.no-day': ['no day', '無日期'],
  'reads.more': ['and {count} smaller columns', '以及 {count} 個較小的欄位'],
  'reads.earlier': ['{count} earlier days are not shown.', '另有 {count} 個更早的日期未顯示。'],
  'reads.new': ['{bytes} came a moment ago: of which day is not known yet.', '剛收到 {bytes}，尚未歸入日期。'],
} as const
