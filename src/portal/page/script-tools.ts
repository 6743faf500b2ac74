// Live page, browser side: small tools. Data becomes text nodes only, never markup.
export const toolsScript = String.raw`
const byId = (id) => document.getElementById(id)

// Names come from senders: an element's text is cut here, so that one sender cannot make the page heavy.
const textLengthMax = 300

function make(tag, className, text) {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

// <bdi>: right-to-left names must not turn their neighbours around.
function makeName(className, text) {
  const element = make('bdi', className, text.length > textLengthMax ? text.slice(0, textLengthMax) + '…' : text)
  element.title = text.slice(0, 1000)
  return element
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })

const formatCount = (count) => (Math.abs(count) < 1e8 ? numbers.format(count) : short.format(count))
const formatEvents = (count) => formatCount(count) + (count === 1 ? ' event' : ' events')

function formatRate(rate) {
  if (rate < 0.05) return '0'
  return rate < 9.95 ? tenths.format(rate) : numbers.format(rate)
}

function formatBytes(bytes) {
  if (bytes < 1024) return bytes + ' B'
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return (value < 99.5 ? tenths : numbers).format(value) + ' ' + units[unit]
}

function formatDuration(ms) {
  if (ms < 1000) return Math.round(ms) + ' ms'
  const seconds = ms / 1000
  if (seconds < 10) return tenths.format(seconds) + ' s'
  if (seconds < 60) return Math.floor(seconds) + ' s'
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return minutes + ' min ' + Math.floor(seconds % 60) + ' s'
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? hours + ' h ' + (minutes % 60) + ' min' : Math.floor(hours / 24) + ' days'
}

const twoDigits = (number) => String(number).padStart(2, '0')

function formatTime(ms) {
  const time = new Date(ms)
  const day = twoDigits(time.getHours()) + ':' + twoDigits(time.getMinutes()) + ':' + twoDigits(time.getSeconds())
  return day + '.' + String(time.getMilliseconds()).padStart(3, '0')
}

// 'day': with the date too, for what may be old.
function makeTime(ms, detail) {
  const isKnown = Math.abs(ms) < 8.64e15
  const day = isKnown && detail === 'day' ? days.format(ms) + ', ' : ''
  const element = make('time', '', isKnown ? day + formatTime(ms) : '–')
  if (isKnown) element.dateTime = element.title = new Date(ms).toISOString()
  return element
}

// Dead letters may be megabytes large or thousands of levels deep: neither may freeze the page.
const jsonLengthMax = 65536
const indentMax = 40

// New lines and indents only: going through JSON.parse would round integers over 2^53 and drop doubled keys.
// Throws where the text is no JSON, which is how a cut text is known.
function prettyJson(text) {
  JSON.parse(text)
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) || []
  let out = ''
  let depth = 0
  const isOpening = (token) => token === '{' || token === '['
  const isClosing = (token) => token === '}' || token === ']'
  const newLine = () => '\n' + '  '.repeat(Math.min(depth, indentMax))
  tokens.forEach((token, index) => {
    if (isOpening(token)) {
      depth += 1
      out += isClosing(tokens[index + 1]) ? token : token + newLine()
    } else if (isClosing(token)) {
      depth -= 1
      out += isOpening(tokens[index - 1]) ? token : newLine() + token
    } else if (token === ',') out += token + newLine()
    else out += token === ':' ? ': ' : token
  })
  return out
}

function makeJson(text) {
  const box = make('div', 'json')
  let shown = text.slice(0, jsonLengthMax)
  try {
    if (text.length <= jsonLengthMax) shown = prettyJson(text)
    else box.append(make('p', 'note', 'The first ' + formatBytes(jsonLengthMax) + '; Copy takes all of it.'))
  } catch {
    box.append(make('p', 'note', 'Shown as it came: it is cut, or is no JSON.'))
  }
  const code = make('pre', 'code', shown)
  code.tabIndex = 0
  code.setAttribute('aria-label', 'JSON')
  const copy = make('button', 'copy', 'Copy')
  copy.type = 'button'
  copy.addEventListener('click', () => void copyText(text, copy))
  const framed = make('div', 'framed')
  framed.append(code, copy)
  box.append(framed)
  return box
}

function say(text) {
  setText(byId('said'), text)
}

function makeCopier(text) {
  // Without https (and off localhost) browsers have no clipboard object; the old way still works there.
  const area = make('textarea', 'hidden-text')
  area.value = text
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (!isCopied) throw new Error('The browser does not let this page copy.')
}

async function copyText(text, button) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text)
    else makeCopier(text)
    setText(button, 'Copied')
    say('Copied')
  } catch {
    setText(button, 'Select it by hand')
  }
  button.focus()
  setTimeout(() => setText(button, 'Copy'), 1500)
}

function watchCopyButtons() {
  document.querySelectorAll('[data-copy]').forEach((button) => {
    button.addEventListener('click', () => void copyText(byId(button.dataset.copy).textContent, button))
  })
}

// Answers the parsed body. 401 means that the session ended: the reloaded page is the login page.
async function ask(path, options) {
  const answer = await fetch(path, options)
  if (answer.status === 401) location.reload()
  if (answer.ok) return options ? answer.text() : answer.json()
  const body = await answer.json().catch(() => ({}))
  throw new Error(body.error ? body.error.message : 'Millpond answered ' + answer.status + '.')
}
`
