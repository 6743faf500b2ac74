// Live page, browser side: the last dead letters and their way back in. A replay answers NDJSON: progress lines, then
// {"end":{replayed,skipped}} or {"error":{code,message}}.
export const lettersScript = String.raw`
const lettersShownMax = 20
const lettersRefreshMs = 3000

const reasonWords = {
  key_disabled: 'The source is disabled',
  key_rotated: 'The write key was rotated',
  key_unlisted: 'No source has this write key',
  event_not_an_object: 'The event is no JSON object',
  event_type_unknown: 'The event has no known type',
  event_name_missing: 'The event has no name',
  id_missing: 'The id that its type needs is missing',
  event_too_large: 'The event is too large',
  too_many_keys: 'The event has too many keys',
  too_deep: 'The event is nested too deep',
  batch_too_long: 'The batch has too many events',
  row_refused: 'The warehouse refused the row',
}

// DuckDB writes "2026-01-31 12:00:00.123456+00"; a time without a zone is UTC.
function parseTime(text) {
  const iso = text.trim().replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1').replace(/([+-]\d\d)$/, '$1:00')
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : iso + 'Z')
}

function resultOf(answerText) {
  const lines = answerText.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
  const last = lines.at(-1) || {}
  if (last.error) return { tone: 'bad', text: last.error.message }
  if (!last.end) return { tone: 'bad', text: 'The answer broke off; look at the list again before you try once more.' }
  if (last.end.skipped.length > 0) return { tone: 'bad', text: 'Not replayed: ' + last.end.skipped[0].why + '.' }
  if (last.end.replayed === 0) return { tone: 'bad', text: 'Not replayed: it was replayed before.' }
  return { tone: 'good', text: 'Sent in again. It is judged like any new event and appears above.' }
}

function makeLetterItem(letter, replay) {
  const item = make('li', 'letter')
  const head = make('div', 'letter-head')
  const why = make('span', 'why', reasonWords[letter.reason] || letter.reason)
  why.title = letter.reason
  head.append(makeTime(parseTime(letter.receivedAt), 'day'), why, makeName('muted', letter.source || '(no source)'))
  if (letter.events > 1) head.append(make('span', 'muted', formatEvents(letter.events)))
  const raw = make('details')
  const summary = make('summary')
  summary.append(makeName('', letter.raw.replace(/\s+/g, ' ').slice(0, 160)))
  raw.append(summary)
  // The body is only laid out when somebody looks.
  raw.addEventListener('toggle', () => raw.open && raw.children.length === 1 && raw.append(makeJson(letter.raw)))
  const button = make('button', 'button small', 'Replay')
  button.type = 'button'
  button.setAttribute('aria-label', 'Replay the letter from ' + letter.source + ', ' + letter.reason)
  button.addEventListener('click', replay)
  const result = make('p', 'result')
  item.append(head, raw, button, result)
  return { item, button, result }
}

function fillLetterItem({ button, result }, letter, said, isRunning) {
  const isReplayed = letter.replayedAt !== null || (said && said.tone === 'good')
  button.disabled = isReplayed || isRunning
  setText(button, isRunning ? 'Replaying …' : isReplayed ? 'Replayed' : 'Replay')
  result.hidden = !said
  result.className = 'result ' + (said ? said.tone : '')
  setText(result, said ? said.text : '')
}

function createLetters() {
  // By letter id: what a replay said, so that a refresh of the list does not wipe it away.
  const results = new Map()
  const running = new Set()
  const items = new Map()
  let count
  let refreshedAt = -lettersRefreshMs
  let letters = []

  async function refresh() {
    refreshedAt = performance.now()
    try {
      letters = (await ask('/api/dead-letters?limit=' + lettersShownMax)).deadLetters
    } catch {
      return
    }
    draw()
  }

  async function replay(letter) {
    running.add(letter.id)
    results.delete(letter.id)
    draw()
    try {
      const answer = await ask('/api/dead-letters/replay', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ids: [letter.id] }),
      })
      results.set(letter.id, resultOf(answer))
    } catch (error) {
      results.set(letter.id, { tone: 'bad', text: 'Not replayed: ' + error.message })
    }
    running.delete(letter.id)
    say(results.get(letter.id).text)
    draw()
    void refresh()
  }

  function draw() {
    const ids = new Set(letters.map(({ id }) => id))
    for (const id of items.keys()) if (!ids.has(id)) items.delete(id)
    const wanted = letters.map((letter) => {
      if (!items.has(letter.id)) items.set(letter.id, makeLetterItem(letter, () => void replay(letter)))
      fillLetterItem(items.get(letter.id), letter, results.get(letter.id), running.has(letter.id))
      return items.get(letter.id).item
    })
    reconcile(byId('letter-rows'), wanted)
    byId('letters-empty').hidden = letters.length > 0
  }

  return {
    refresh: () => void refresh(),
    /** Reads the list again when the ledger counts another quarantined event. */
    watch(status) {
      const quarantined = status.ledger.reduce((sum, line) => sum + line.quarantined, 0)
      if (quarantined === count || performance.now() - refreshedAt < lettersRefreshMs) return
      count = quarantined
      void refresh()
    },
  }
}
`
