// The words of Cmd-K, which comes when somebody presses it.
export const paletteWords = {
  'palette.title': ['Go to', '前往'],
  'palette.hint': ['Page, person, table or query', '頁面、人物、資料表或查詢'],
  'palette.pages': ['Pages', '頁面'],
  'palette.tables': ['Tables', '資料表'],
  'palette.saved': ['Saved queries', '已儲存的查詢'],
  'palette.queries': ['Recent queries', '最近的查詢'],
  'palette.none': ['Nothing matches.', '沒有符合的項目。'],
} as const
