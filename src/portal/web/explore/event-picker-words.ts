// The words of the choice of an event, which comes when somebody opens it.
export const eventPickerWords = {
  'explore.find-event': ['Find an event', '尋找事件'],
  'explore.no-event': ['No event is called that.', '沒有這個名稱的事件。'],
} as const
