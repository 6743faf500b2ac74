// The words where Explore begins.
export const startWords = {
  'explore.start': ['What do people do?', '大家都做了什麼？'],
  'explore.start-text': [
    'Begin with an event. Then count it over time, follow people from step to step, see who comes back, or where they went.',
    '從一個事件開始：看它隨時間的變化、追蹤人們的每一步、看誰會回來，或他們去了哪裡。',
  ],
  'explore.often': ['Most frequent events', '最常發生的事件'],
  'explore.empty': ['No events of people yet', '還沒有任何人的事件'],
  'explore.empty-text': [
    'Explore counts what people do in your product. An SDK with the write key of a source sends it: track("Camera Paired") is enough.',
    '「探索」統計人們在產品中的行為。用來源的寫入金鑰設定 SDK 即可送出：track("Camera Paired") 就夠了。',
  ],
  'explore.to-sources': ['Connect a source', '連接來源'],
} as const
