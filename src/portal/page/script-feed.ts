// Live page, browser side: the table of events. However many arrive, it is drawn at most 4 times a second and holds a
// bounded number; rows that stay keep their elements, so that focus and open details stay too.
//
//   add ─► newest (500) ──► matching (500, under the filter) ──► drawn (100)
//    └ paused ─► held (500) ──resume──► the same way
//
// `matching` is kept apart so that a busy source cannot push a filtered quiet one out of sight.
export const feedScript = String.raw`
const keptEventsMax = 500
const drawnEventsMax = 100
const drawIntervalMs = 250
// A soft glow for single arrivals; more at once would only flicker.
const freshRowsMax = 3
// The style hides three columns there; a cell that spans more columns than there are would make new ones.
const narrow = matchMedia('(max-width: 760px)')
const narrowColumns = 3
const wideColumns = 6

const eventKey = (event) => event.source + ' ' + event.id + ' ' + event.receivedAtMicros + ' ' + event.verdict

function makeEventRow(event, toggle) {
  const row = make('tr', 'event')
  const opener = make('button', 'plain')
  opener.type = 'button'
  opener.setAttribute('aria-expanded', 'false')
  opener.append(makeTime(Math.floor(event.receivedAtMicros / 1000)))
  const name = make('td')
  const line = make('div', 'line')
  line.append(makeName(event.name === '' ? 'muted' : 'name', event.name || '–'))
  const below = make('div', 'sub line')
  // On a narrow screen this line stands in for the columns that went.
  below.append(make('span', '', formatTime(event.receivedAtMicros / 1000).slice(0, 8)), ' ' + event.type + ' · ', makeName('', event.source))
  name.append(line, below)
  const user = make('td', 'wide user')
  const userId = event.userId === null ? event.anonymousId : event.userId
  if (userId !== null) user.append(makeName(event.userId === null ? 'muted' : '', userId))
  const verdict = make('td', 'verdict')
  verdict.append(make('span', 'chip ' + event.verdict, event.verdict))
  if (event.reason) verdict.append(makeName('reason', event.reason))
  const time = make('td', 'time')
  time.append(opener)
  const source = make('td', 'wide source')
  source.append(makeName('', event.source))
  row.append(time, source, make('td', 'wide type muted', event.type), name, user, verdict)
  row.addEventListener('click', () => {
    // Selecting text in a row is not a wish to open it.
    if (String(getSelection()) === '') toggle()
  })
  return row
}

function makeEventDetails(event) {
  const row = make('tr', 'details')
  const cell = make('td')
  const facts = make('dl', 'facts')
  const known = {
    Received: new Date(event.receivedAtMicros / 1000).toISOString(),
    Type: event.type,
    Source: event.source,
    'Message id': event.id,
    'User id': event.userId,
    'Anonymous id': event.anonymousId,
    Reason: event.reason,
  }
  for (const [term, text] of Object.entries(known)) {
    if (text === null || text === '') continue
    const value = make('dd')
    value.append(makeName('', text))
    facts.append(make('dt', '', term), value)
  }
  cell.append(facts, makeJson(event.json))
  row.append(cell)
  return row
}

// Brings the body's rows to the wanted ones: takes away first, then fills in, so that no row that stays is moved.
function reconcile(body, wanted) {
  const staying = new Set(wanted)
  for (const row of Array.from(body.children)) if (!staying.has(row)) row.remove()
  let at = body.firstElementChild
  for (const row of wanted) {
    if (row === at) at = at.nextElementSibling
    else body.insertBefore(row, at)
  }
}

// What was filtered for; empty parts match everything.
function createFilter() {
  const wanted = { text: '', source: '', verdict: '' }
  return {
    wanted,
    isOn: () => wanted.text !== '' || wanted.source !== '' || wanted.verdict !== '',
    matches({ event }) {
      if (wanted.source !== '' && event.source !== wanted.source) return false
      if (wanted.verdict !== '' && event.verdict !== wanted.verdict) return false
      if (wanted.text === '') return true
      const words = [event.name, event.type, event.source, event.id, event.userId, event.anonymousId, event.reason, event.json]
      return words.join(' ').toLowerCase().includes(wanted.text)
    },
  }
}

// The lists behind the table, newest first; knows nothing of the page. changed() is called after every change.
function createFeedModel(filter, changed) {
  let newest = []
  let matching = []
  let held = []
  let heldCount = 0
  let isPaused = false
  let isReopened = false

  // Arrivals come oldest first.
  const merge = (arrived, list) => [...arrived.toReversed(), ...list].slice(0, keptEventsMax)

  function take(entries) {
    newest = merge(entries, newest)
    matching = filter.isOn() ? merge(entries.filter((entry) => filter.matches(entry)), matching) : newest
  }

  // A new connection begins with the last events, and some of them are here already.
  function withoutKnown(events) {
    const known = new Set([...newest, ...held].map(({ event }) => eventKey(event)))
    return events.filter((event) => !known.has(eventKey(event)))
  }

  return {
    matching: () => matching,
    newestCount: () => newest.length,
    heldCount: () => heldCount,
    isPaused: () => isPaused,
    reopened() {
      isReopened = true
    },
    add(events) {
      const arrived = isReopened ? withoutKnown(events) : events
      isReopened = false
      const entries = arrived.slice(-keptEventsMax).map((event) => ({ event, isOpen: false }))
      if (isPaused) {
        held = [...held, ...entries].slice(-keptEventsMax)
        heldCount += arrived.length
      } else take(entries)
      changed()
    },
    setPaused(wanted) {
      isPaused = wanted
      if (!wanted) {
        take(held)
        held = []
        heldCount = 0
      }
      changed()
    },
    setFilter(change) {
      Object.assign(filter.wanted, change)
      matching = filter.isOn() ? newest.filter((entry) => filter.matches(entry)) : newest
      changed()
    },
  }
}

function drawFeedWords(model, isFiltered, drawnCount) {
  byId('events-empty').hidden = drawnCount > 0
  byId('filter-clear').hidden = !isFiltered
  setText(
    byId('events-empty-text'),
    isFiltered ? 'Nothing here matches the filter yet.' : 'No events yet. They appear here as they arrive.',
  )
  const which = 'The newest ' + drawnCount + (isFiltered ? ' that match' : '')
  setText(byId('events-count'), drawnCount === 0 ? '' : which + ' of ' + formatEvents(model.newestCount()) + ' kept here')
  byId('pause').setAttribute('aria-pressed', String(model.isPaused()))
  const came = model.heldCount() === 0 ? '' : ' · ' + formatCount(model.heldCount()) + ' new'
  setText(byId('pause-word'), model.isPaused() ? 'Resume' + came : 'Pause')
}

function listenForFeed({ togglePaused, setFilter, clearFilter, sourceChosen, drawSoon }) {
  byId('pause').addEventListener('click', togglePaused)
  byId('filter-text').addEventListener('input', ({ target }) => setFilter({ text: target.value.trim().toLowerCase() }))
  byId('filter-verdict').addEventListener('change', ({ target }) => setFilter({ verdict: target.value }))
  byId('filter-source').addEventListener('change', ({ target }) => sourceChosen(target.value))
  byId('filter-clear').addEventListener('click', clearFilter)
  document.addEventListener('visibilitychange', drawSoon)
  narrow.addEventListener('change', drawSoon)
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && event.target === byId('filter-text')) clearFilter()
    // Where a key means something already, it goes on to mean that.
    if (event.target.closest && event.target.closest('a, button, input, select, textarea, summary')) return
    if (event.key === ' ' && !event.repeat) togglePaused()
    else if (event.key === '/') byId('filter-text').focus()
    else return
    event.preventDefault()
  })
}

function createFeed({ sourceChosen }) {
  const filter = createFilter()
  const model = createFeedModel(filter, drawSoon)
  let isPausedByReading = false
  let isDrawnOnce = false
  let drawTimer
  let drawnAt = -drawIntervalMs

  function drawSoon() {
    if (drawTimer !== undefined || document.hidden) return
    drawTimer = setTimeout(draw, Math.max(0, drawnAt + drawIntervalMs - performance.now()))
  }

  function setPaused(wanted, isByReading) {
    model.setPaused(wanted)
    isPausedByReading = wanted && isByReading
    say(wanted ? 'Events paused' : 'Events go on')
    draw()
  }

  function toggle(entry) {
    entry.isOpen = !entry.isOpen
    // What is being read must not run away; closing the last one lets the feed go on.
    if (entry.isOpen && !model.isPaused()) return setPaused(true, true)
    if (!entry.isOpen && isPausedByReading && !model.matching().some(({ isOpen }) => isOpen)) return setPaused(false, false)
    draw()
  }

  function rowsOf(entry) {
    if (!entry.row) entry.row = makeEventRow(entry.event, () => toggle(entry))
    entry.row.classList.toggle('open', entry.isOpen)
    entry.row.querySelector('button').setAttribute('aria-expanded', String(entry.isOpen))
    if (!entry.isOpen) return [entry.row]
    if (!entry.details) entry.details = makeEventDetails(entry.event)
    entry.details.firstChild.colSpan = narrow.matches ? narrowColumns : wideColumns
    return [entry.row, entry.details]
  }

  function draw() {
    clearTimeout(drawTimer)
    drawTimer = undefined
    drawnAt = performance.now()
    const drawn = model.matching().slice(0, drawnEventsMax)
    const fresh = drawn.filter((entry) => !entry.row)
    reconcile(byId('event-rows'), drawn.flatMap(rowsOf))
    if (isDrawnOnce && fresh.length <= freshRowsMax) for (const entry of fresh) entry.row.classList.add('fresh')
    isDrawnOnce = isDrawnOnce || drawn.length > 0
    drawFeedWords(model, filter.isOn(), drawn.length)
  }

  function clearFilter() {
    byId('filter-text').value = ''
    byId('filter-verdict').value = ''
    model.setFilter({ text: '', verdict: '' })
    sourceChosen('')
  }

  const togglePaused = () => setPaused(!model.isPaused(), false)
  listenForFeed({ togglePaused, setFilter: model.setFilter, clearFilter, sourceChosen, drawSoon })
  return {
    add: model.add,
    reopened() {
      model.reopened()
      drawSoon()
    },
    setSource(name) {
      byId('filter-source').value = name
      model.setFilter({ source: name })
    },
    setSourceNames(names) {
      const select = byId('filter-source')
      const options = names.filter((name) => name !== '').map((name) => new Option(name, name))
      select.replaceChildren(select.options[0], ...options)
      select.value = filter.wanted.source
    },
  }
}
`
