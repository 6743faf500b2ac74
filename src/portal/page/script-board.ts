// Live page, browser side: banners, tiles, sparkline and footer from the status of each second. Rates are differences of
// the ledger's `received`, so that they count events whose senders have their answer and nothing else.
export const boardScript = String.raw`
const rateWindowMs = 4000
const sparkSeconds = 60
const lagMsWorth = 10000

const refusals = {
  'disk-full': {
    why: 'the disk is full.',
    todo: (status) =>
      'Senders get 503 and try again; nothing that was answered is lost. Free space on the disk of ' +
      status.dataFolder + ': Millpond goes on by itself within seconds.',
  },
  'buffer-full': {
    why: 'too much waits for the warehouse.',
    todo: () =>
      'Senders get 503 and try again; nothing that was answered is lost. It goes on by itself as soon as the loader ' +
      'catches up. If it does not: see the loader’s error here or run millpond doctor.',
  },
  'buffer-write-failed': {
    why: 'the disk failed to write.',
    todo: (status) =>
      'Senders get 503 and try again; nothing that was answered is lost. Check the disk of ' + status.dataFolder +
      ' and the log, then run millpond doctor.',
  },
}

function bannersOf(status) {
  const banners = []
  const refused = status.streams.filter(({ refusing }) => refusing)
  // The stream of new events first: it says all that the replays' stream would say again.
  const stream = refused.find((one) => one.stream === 'events') || refused[0]
  if (stream) {
    const what = stream.stream === 'engine' ? 'Replays' : 'New events'
    const known = Object.keys(refusals).find((code) => stream.refusing.startsWith(code))
    const words = refusals[known] || { why: stream.refusing, todo: () => 'Run millpond doctor.' }
    banners.push({ tone: 'bad', title: what + ' are refused: ' + words.why, text: words.todo(status) })
  }
  if (status.loader.lastError) {
    banners.push({
      tone: 'warn',
      title: 'Loading into the warehouse failed.',
      text: status.loader.lastError + ' Events wait safely in the buffer meanwhile; Millpond keeps trying.',
    })
  }
  if (!status.ledgerSums) {
    banners.push({
      tone: 'bad',
      title: 'The ledger does not sum.',
      text: 'For some source, received is not stored + flagged + duplicates + quarantined + waiting. This is a fault of Millpond: run millpond doctor and report it.',
    })
  }
  return banners
}

// Drawn again only on change: a screen reader says every alert that is put in.
function showBanners(banners) {
  const box = byId('banners')
  const key = JSON.stringify(banners)
  if (box.dataset.key === key) return
  box.dataset.key = key
  box.replaceChildren(
    ...banners.map(({ tone, title, text }) => {
      const banner = make('div', 'banner ' + tone)
      banner.append(make('strong', '', title), make('span', '', text))
      return banner
    }),
  )
}

function createRates() {
  const samples = []

  function rateSince(from, to, read) {
    const seconds = (to.at - from.at) / 1000
    return seconds <= 0 ? 0 : Math.max(0, (read(to) - read(from)) / seconds)
  }

  return {
    add(ledger) {
      const received = new Map(ledger.map((line) => [line.source, line.received]))
      const total = ledger.reduce((sum, line) => sum + line.received, 0)
      const at = performance.now()
      samples.push({ at, total, received })
      while (samples.length > 2 && at - samples[1].at >= (sparkSeconds + 1) * 1000) samples.shift()
    },
    isKnown: () => samples.length > 1,
    /** Events per second over the last seconds; of all sources when none is named. */
    now(source) {
      const last = samples.at(-1)
      const from = samples.find((sample) => last.at - sample.at <= rateWindowMs)
      const read = source === undefined ? (sample) => sample.total : (sample) => sample.received.get(source) || 0
      return last === from ? 0 : rateSince(from, last, read)
    },
    /** [{ ageSeconds, rate }], oldest first. */
    history() {
      const last = samples.at(-1)
      return samples.slice(1).map((sample, index) => ({
        ageSeconds: (last.at - sample.at) / 1000,
        rate: rateSince(samples[index], sample, ({ total }) => total),
      }))
    },
  }
}

function drawSpark(history) {
  const svg = byId('spark')
  const points = history.filter(({ ageSeconds }) => ageSeconds <= sparkSeconds)
  const highest = points.reduce((most, { rate }) => Math.max(most, rate), 0)
  const line = points
    .map(({ ageSeconds, rate }) => {
      const x = 120 - (ageSeconds / sparkSeconds) * 120
      const y = 39 - (highest === 0 ? 0 : (rate / highest) * 37)
      return x.toFixed(1) + ' ' + y.toFixed(1)
    })
    .join('L')
  const firstX = points.length === 0 ? 120 : 120 - (points[0].ageSeconds / sparkSeconds) * 120
  svg.querySelector('.trace').setAttribute('d', line === '' ? '' : 'M' + line)
  svg.querySelector('.area').setAttribute('d', line === '' ? '' : 'M' + firstX.toFixed(1) + ' 40L' + line + 'L120 40Z')
  svg.setAttribute('aria-label', 'Events per second in the last minute, at most ' + formatRate(highest))
}

function createBoard() {
  const rates = createRates()

  function tile(id, tone, value, below) {
    byId('tile-' + id).className = 'tile ' + tone
    setText(byId(id), value)
    setText(byId(id + '-below'), below)
  }

  function showTiles(status) {
    const sum = (field) => status.ledger.reduce((total, line) => total + line[field], 0)
    const waiting = sum('waiting')
    const { lagMs } = status.loader
    const isSlow = waiting > 0 && lagMs > lagMsWorth
    const bytes = status.streams.reduce((total, stream) => total + stream.waitingBytes, 0)
    const isRefusing = status.streams.some((stream) => stream.refusing)
    const quarantined = sum('quarantined')
    const kept = sum('stored') + sum('flagged')
    const history = rates.history()
    const most = history.reduce((highest, { rate }) => Math.max(highest, rate), 0)
    tile('rate', '', rates.isKnown() ? formatRate(rates.now()) : '–', rates.isKnown() ? 'peak ' + formatRate(most) : ' ')
    tile('waiting', isSlow ? 'warn' : '', formatCount(waiting), waiting === 0 ? 'all loaded' : formatDuration(lagMs) + ' behind')
    tile('stored', '', formatCount(kept), formatCount(sum('duplicates')) + (sum('duplicates') === 1 ? ' duplicate' : ' duplicates'))
    showQuarantined(quarantined)
    tile('buffer', isRefusing ? 'bad' : '', formatBytes(bytes), isRefusing ? 'refusing new events' : 'waiting on disk')
    tile('ledger', status.ledgerSums ? 'good' : 'bad', status.ledgerSums ? '✓ Sums' : '✗ Off', formatCount(sum('received')) + ' received')
    drawSpark(history)
  }

  // The link is made once: made anew each second it would lose the keyboard's focus.
  const lettersLink = make('a', '', 'see dead letters')
  lettersLink.href = '#dead-letters'

  function showQuarantined(count) {
    if (count === 0) return tile('quarantined', '', '0', 'nothing kept out')
    byId('tile-quarantined').className = 'tile warn'
    setText(byId('quarantined'), formatCount(count))
    if (!lettersLink.isConnected) byId('quarantined-below').replaceChildren(lettersLink)
  }

  function showAbout(status) {
    setText(byId('address'), status.address)
    document.querySelector('[data-copy="address"]').hidden = false
    const up = formatDuration(Date.now() - status.startedAtMicros / 1000)
    const { intake, engine } = status
    const about = [
      'Millpond ' + status.version,
      'up ' + up,
      'data in ' + status.dataFolder,
      'intake ' + formatBytes(intake.residentBytes),
      'engine ' + formatBytes(engine.residentBytes) + (engine.starts > 1 ? ', started ' + engine.starts + ' times' : ''),
    ]
    setText(byId('about'), about.join(' · '))
  }

  return {
    /** Shows a status and returns the rates, which the table of sources uses too. */
    show(status) {
      rates.add(status.ledger)
      showBanners(bannersOf(status))
      showTiles(status)
      showAbout(status)
      return rates
    },
  }
}
`
