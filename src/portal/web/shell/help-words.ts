// The words of the keyboard map.
export const helpWords = {
  'help.title': ['Keyboard', '鍵盤操作'],
  'help.close': ['Close', '關閉'],
  'help.palette': ['Go to a page, table or query', '前往頁面、資料表或查詢'],
  'help.help': ['This help', '顯示這份說明'],
  'help.go': ['Go to {page}', '前往{page}'],
  'help.run': ['Run the query', '執行查詢'],
  'help.save': ['Save the query', '儲存查詢'],
  'help.complete': ['Complete a name', '補完名稱'],
  'help.escape': ['Leave the editor or a dialog', '離開編輯器或對話框'],
  'help.cells': ['Move through the cells', '在儲存格之間移動'],
  'help.copy': ['Copy the cell', '複製儲存格'],
  'help.pause': ['Hold the list of events, or let it go on', '暫停或繼續事件清單'],
} as const
