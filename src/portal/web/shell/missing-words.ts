// What stands where no page is.
export const missingWords = {
  'missing.title': ['There is no page here', '這裡沒有頁面'],
  'missing.text': ['The address may be mistyped, or the page is gone.', '網址可能打錯了，或頁面已不存在。'],
  'missing.back': ['Go to SQL', '前往 SQL'],
} as const
