// Why an event was kept out of its table, or stands in it with a flag, and what to do. The long form: docs/dead-letters.md.
export const reasonWords = {
  'reason.title': ['Why', '原因'],
  'reason.flagged': [
    'It is stored, but its id came before with other content: two events share one id.',
    '已儲存，但相同的 id 先前曾帶著不同內容：兩個事件用了同一個 id。',
  ],
  'reason.key_disabled': ['The source is disabled. Enable it, then replay.', '來源已停用。啟用後重送。'],
  'reason.key_rotated': [
    'The write key was replaced by a new one. Replay it, and give the sender its new key.',
    '寫入金鑰已更換。請重送，並讓傳送端使用新金鑰。',
  ],
  'reason.key_unlisted': [
    'The key is one of this installation, but no source has it. Replay it from the command line with --to and a source.',
    '金鑰屬於此系統，但沒有來源使用它。請在命令列以 --to 指定來源重送。',
  ],
  'reason.event_not_an_object': ['It is no JSON object. Mend the sender.', '不是 JSON 物件。請修正傳送端。'],
  'reason.event_type_unknown': [
    'Its type is not track, identify, page, screen, group or alias. Mend the sender.',
    'type 不是 track、identify、page、screen、group 或 alias。請修正傳送端。',
  ],
  'reason.event_name_missing': [
    'It is a track without an event name. Mend the sender.',
    'track 沒有事件名稱。請修正傳送端。',
  ],
  'reason.id_missing': [
    'It names neither userId nor anonymousId. Mend the sender.',
    '沒有 userId 或 anonymousId。請修正傳送端。',
  ],
  'reason.event_too_large': ['It is larger than an event may be.', '事件超過大小上限。'],
  'reason.too_many_keys': ['It has more properties than an event may have.', '屬性數量超過上限。'],
  'reason.too_deep': ['It nests deeper than an event may.', '巢狀層數超過上限。'],
  'reason.batch_too_long': ['Its batch had more events than one may have.', '批次中的事件數超過上限。'],
  'reason.row_refused': [
    'The warehouse refused its row. Replay it once the cause is mended.',
    '倉儲拒絕了這一列。排除原因後重送。',
  ],
  'reason.plan_violation': [
    'It breaks the tracking plan of its source. Mend the sender, or the plan, and replay it.',
    '違反來源的追蹤計畫。請修正傳送端或計畫後重送。',
  ],
  'reason.entry_unreadable': ['It could not be read. Mend the sender.', '無法讀取。請修正傳送端。'],
} as const
