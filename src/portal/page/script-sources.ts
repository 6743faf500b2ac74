// Live page, browser side: the table of sources (names and states from /api/sources, counts from the ledger), and the
// guide that teaches the first steps until the first event is there.
export const sourcesScript = String.raw`
const refreshMs = 10000
const refreshEmptyMs = 2000

function makeSourceRow(name, choose) {
  const row = make('tr')
  const title = make('button', 'plain')
  title.type = 'button'
  title.append(makeName('', name || '(no source)'))
  const head = make('th')
  head.scope = 'row'
  head.className = 'name-cell'
  head.append(title)
  const state = make('span', 'state')
  const stateWord = make('span')
  state.append(make('span', 'dot'), stateWord)
  const stateCell = make('td')
  stateCell.append(state)
  const cells = { platform: make('td', 'muted'), state: stateCell }
  for (const field of ['received', 'stored', 'duplicates', 'flagged', 'quarantined', 'waiting', 'rate']) {
    cells[field] = make('td', 'number')
  }
  row.append(head, ...Object.values(cells))
  row.addEventListener('click', choose)
  return { row, title, cells, state, stateWord }
}

function fillSourceRow({ row, title, cells, state, stateWord }, source, line, rate, isChosen) {
  row.classList.toggle('chosen', isChosen)
  title.setAttribute('aria-pressed', String(isChosen))
  setText(cells.platform, source.platform)
  state.className = 'state ' + source.state
  setText(stateWord, source.state)
  for (const field of ['received', 'stored', 'duplicates', 'flagged', 'quarantined', 'waiting']) {
    const count = line ? line[field] : 0
    const tone = count > 0 && field === 'quarantined' ? ' count-bad' : count > 0 && field === 'flagged' ? ' count-warn' : ''
    cells[field].className = 'number' + (count === 0 ? ' zero' : tone)
    setText(cells[field], formatCount(count))
  }
  cells.rate.className = 'number' + (rate < 0.05 ? ' zero' : '')
  setText(cells.rate, formatRate(rate))
}

// Shown until something was received: known is what /api/sources lists, address where senders reach us.
function fillGuide(known, address) {
  const first = known.find(({ state }) => state === 'active')
  const key = first ? first.writeKey : 'YOUR_WRITE_KEY'
  setText(byId('guide-title'), first ? 'Send the first event to ' + first.source : 'Make your first source')
  setText(
    byId('guide-lead'),
    first
      ? 'Its write key is filled in below. What you send appears on this page at once.'
      : 'A source is one app or server that sends events. Making one prints its write key; use it in place of YOUR_WRITE_KEY.',
  )
  byId('snippet-add-box').hidden = first !== undefined
  byId('guide-steps').classList.toggle('known', first !== undefined)
  setText(byId('snippet-add'), 'millpond source add web')
  setText(
    byId('snippet-curl'),
    'curl -u ' + key + ': ' + address + "/v1/track \\\n  -H 'content-type: application/json' \\\n  -d '{\"userId\": \"ada\", \"event\": \"Hello Millpond\"}'",
  )
  setText(
    byId('snippet-browser'),
    "import { AnalyticsBrowser } from '@segment/analytics-next'\n\nconst analytics = AnalyticsBrowser.load({\n  writeKey: '" + key +
      "',\n  cdnURL: '" + address + "',\n})\nanalytics.track('Hello Millpond')",
  )
  setText(
    byId('snippet-server'),
    "import { Analytics } from '@segment/analytics-node'\n\nconst analytics = new Analytics({\n  writeKey: '" + key +
      "',\n  host: '" + address + "',\n})\nanalytics.track({ userId: 'ada', event: 'Hello Millpond' })",
  )
}

function createSources({ sourceChosen, namesChanged }) {
  const rows = new Map()
  let listed
  let lastStatus
  let lastRates
  let refreshedAt = 0
  let chosen = ''
  let namesKey = ''

  async function refresh() {
    refreshedAt = performance.now()
    try {
      listed = (await ask('/api/sources')).sources
    } catch {
      return
    }
    draw()
  }

  function draw() {
    const ledger = new Map((lastStatus ? lastStatus.ledger : []).map((line) => [line.source, line]))
    const known = listed || []
    const names = new Set(known.map(({ source }) => source))
    // The ledger also counts what came for keys that no source lists any more.
    const others = [...ledger.keys()].filter((name) => !names.has(name))
    const all = [...known, ...others.map((source) => ({ source, platform: '–', state: listed ? 'not listed' : '…' }))]
    const body = byId('source-rows')
    all.forEach((source, index) => {
      if (!rows.has(source.source)) rows.set(source.source, makeSourceRow(source.source, () => sourceChosen(chosen === source.source ? '' : source.source)))
      const parts = rows.get(source.source)
      const rate = lastRates ? lastRates.now(source.source) : 0
      fillSourceRow(parts, source, ledger.get(source.source), rate, source.source === chosen && chosen !== '')
      if (body.children[index] !== parts.row) body.insertBefore(parts.row, body.children[index] || null)
    })
    while (body.children.length > all.length) body.lastChild.remove()
    byId('sources').hidden = all.length === 0
    const key = JSON.stringify(all.map(({ source }) => source))
    if (key !== namesKey) {
      namesKey = key
      namesChanged(all.map(({ source }) => source))
    }
    const isReceived = [...ledger.values()].some((line) => line.received > 0)
    byId('guide').hidden = listed === undefined || lastStatus === undefined || isReceived
    if (!byId('guide').hidden) fillGuide(known, lastStatus.address || location.origin)
  }

  return {
    refresh: () => void refresh(),
    show(status, rates) {
      lastStatus = status
      lastRates = rates
      const isEmpty = !listed || listed.length === 0
      if (performance.now() - refreshedAt >= (isEmpty ? refreshEmptyMs : refreshMs)) void refresh()
      draw()
    },
    markChosen(name) {
      chosen = name
      draw()
    },
  }
}
`
