// Live page, browser side: the connection. EventSource gives up for good when an answer is not 200 (an engine that starts
// anew answers 503), so every loss is handled here in one way:
//
//   connecting ──open──► live ──error, or silence for 10 s──► lost ──wait──► connecting …
//        └──────error──────────────────────────────────────────┘   └─ 401 ─► reload: the login page
export const streamScript = String.raw`
const silenceMsMax = 10000
const retryMsMax = 8000

function createStream({ opened, events, status }) {
  const box = byId('connection')
  let source
  let heardAt = 0
  let lostAt
  let retries = 0

  function show() {
    const state = lostAt === undefined ? 'live' : retries === 0 ? 'connecting' : 'lost'
    box.dataset.state = state
    setText(byId('connection-word'), { live: 'Live', connecting: 'Connecting', lost: 'Reconnecting' }[state])
    setText(byId('connection-seconds'), state === 'lost' ? Math.round((performance.now() - lostAt) / 1000) + ' s' : '')
  }

  function heard() {
    heardAt = performance.now()
    if (lostAt === undefined) return
    lostAt = undefined
    retries = 0
    show()
  }

  async function lost() {
    source.close()
    source = undefined
    if (lostAt === undefined) lostAt = performance.now()
    retries += 1
    show()
    setTimeout(connect, Math.min(500 * 2 ** (retries - 1), retryMsMax))
    // Only an ordinary request tells why: an ended session reloads the page in ask().
    await ask('/api/sources').catch(() => undefined)
  }

  function connect() {
    const mine = new EventSource('/api/live')
    source = mine
    heardAt = performance.now()
    mine.addEventListener('open', () => {
      heard()
      opened()
    })
    mine.addEventListener('events', (message) => {
      heard()
      events(JSON.parse(message.data))
    })
    mine.addEventListener('status', (message) => {
      heard()
      status(JSON.parse(message.data))
    })
    mine.addEventListener('error', () => {
      if (source === mine) void lost()
    })
  }

  lostAt = performance.now()
  show()
  connect()
  setInterval(() => {
    // A half-open connection never reports an error; the status of each second is its heartbeat.
    if (source && performance.now() - heardAt > silenceMsMax) void lost()
    else if (lostAt !== undefined) show()
  }, 1000)
}
`
