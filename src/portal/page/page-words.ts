// The language of the pages that the server writes: what the browser asks for, as nobody has chosen one there yet. Both languages stand
// in one line, as in the application.

export type PageLanguage = 'en' | 'zh-Hant'
type Words = Readonly<Record<string, readonly [en: string, zhHant: string]>>

/** Of `Accept-Language`: the first that is named decides, as the application takes the browser's first. */
export function languageOf(accepted: string | undefined): PageLanguage {
  return /^\s*zh\b/i.test(accepted ?? '') ? 'zh-Hant' : 'en'
}

export function spoken<Name extends keyof W, W extends Words>(words: W, language: PageLanguage): Record<Name, string> {
  const place = language === 'en' ? 0 : 1
  return Object.fromEntries(Object.entries(words).map(([name, both]) => [name, both[place]])) as Record<Name, string>
}

export const loginWords = {
  title: ['Sign in · Millpond', '登入 · Millpond'],
  heading: ['Sign in to Millpond', '登入 Millpond'],
  email: ['E-mail address', '電子郵件'],
  password: ['Password', '密碼'],
  enter: ['Sign in', '登入'],
  with: ['Sign in with', '以下列帳號登入：'],
  withToken: ['Sign in with a token', '以權杖登入'],
  token: ['Token', '權杖'],
  enterToken: ['Sign in with the token', '以這個權杖登入'],
  started: ['Just started it?', '剛啟動 Millpond？'],
  startedText: [
    'Open the one-time link that <code>millpond start</code> printed.',
    '開啟 <code>millpond start</code> 顯示的一次性連結。',
  ],
  forgotten: ['No password, or forgotten?', '沒有密碼，或忘記密碼？'],
  forgottenText: [
    'An administrator makes a link: <code>millpond user invite &lt;handle&gt;</code>.',
    '請管理員建立連結：<code>millpond user invite &lt;名稱&gt;</code>。',
  ],
  tooMany: ['Too many tries. Wait a few minutes.', '嘗試次數過多，請稍候幾分鐘。'],
  busy: [
    'Millpond is starting or busy and could not check it. Try again in a few seconds.',
    'Millpond 正在啟動或忙碌中，請幾秒後再試。',
  ],
  gone: ['Millpond did not answer. Is it still running?', 'Millpond 沒有回應，是否仍在執行？'],
  wrong: ['The e-mail address or the password is wrong.', '電子郵件或密碼不正確。'],
  noToken: ['Paste a token first.', '請先貼上權杖。'],
  wrongToken: [
    'This token is unknown or was revoked. Check that all of it was copied.',
    '這個權杖不存在或已撤銷，請確認已完整複製。',
  ],
  wrongWay: ['Signing in this way does not work at the moment.', '目前無法以這種方式登入。'],
  spent: [
    'This one-time link was used already or has expired. Sign in instead.',
    '這個一次性連結已使用過或已過期，請改為登入。',
  ],
  failed: [
    'That did not work. Was your address invited, and is it confirmed there?',
    '登入失敗。你的電子郵件是否已受邀，並已在該服務驗證？',
  ],
  script: ['This page needs JavaScript.', '這個頁面需要 JavaScript。'],
} as const

export const invitationWords = {
  title: ['Welcome · Millpond', '歡迎 · Millpond'],
  heading: ['Welcome to Millpond', '歡迎使用 Millpond'],
  email: ['E-mail address', '電子郵件'],
  password: ['Password, 10 letters or more', '密碼（至少 10 個字元）'],
  enter: ['Go on', '繼續'],
  later: ['Later', '稍後再說'],
  first: [
    'Choose an e-mail address and a password, so that you can come in again.',
    '請設定電子郵件與密碼，之後才能再次登入。',
  ],
  as: ['You come in as {email}, with the role {role}.', '你將以 {email} 登入，角色為「{role}」。'],
  spent: [
    'This link was used already, has expired, or a newer one took its place. Ask an administrator for a new one.',
    '這個連結已使用過、已過期，或已被較新的連結取代，請向管理員索取新連結。',
  ],
  busy: ['Millpond is starting or busy. Try again in a few seconds.', 'Millpond 正在啟動或忙碌中，請幾秒後再試。'],
  gone: ['Millpond did not answer. Is it still running?', 'Millpond 沒有回應，是否仍在執行？'],
  script: ['This page needs JavaScript.', '這個頁面需要 JavaScript。'],
  viewer: ['viewer', '檢視者'],
  support: ['support', '客服'],
  member: ['member', '成員'],
  analyst: ['analyst', '分析師'],
  ml: ['ml', '機器學習'],
  engineer: ['engineer', '工程師'],
  admin: ['admin', '管理員'],
} as const

export const embedWords = {
  asOf: ['As of', '資料時間'],
  show: ['Show', '顯示'],
  empty: ['No rows.', '沒有資料。'],
  failed: ['This could not be shown.', '無法顯示。'],
  refused: ['This dashboard can’t be shown here.', '無法在此顯示這個儀表板。'],
} as const
