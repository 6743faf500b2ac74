// The bare page at `/`: what arrives, as it arrives. The document's bones stand here; live-page-style.ts dresses them
// and live-page-script.ts fills them from /api/live. The portal replaces it later.
import { livePageScript } from './live-page-script.ts'
import { livePageStyle } from './live-page-style.ts'
import { pageStyle } from './page-style.ts'

/** The whole document; `nonce` is that of the answer's content security policy. */
export function livePage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Millpond</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style nonce="${nonce}">${pageStyle}${livePageStyle}</style>
</head>
<body>
<a class="skip" href="#events">Skip to the events</a>
${header}
<main>
<noscript><p class="banner bad">This page needs JavaScript.</p></noscript>
<div id="banners" role="alert"></div>
${tiles}
${guide}
${sources}
${events}
${letters}
</main>
<footer>
  <p id="about"></p>
</footer>
<p class="hidden-text" role="status" id="said"></p>
<script nonce="${nonce}">${livePageScript}</script>
</body>
</html>
`
}

const header = `
<header class="top">
  <div class="inside">
    <img src="/favicon.svg" alt="" width="28" height="28">
    <h1>Millpond</h1>
    <span class="address"><code id="address"></code><button class="copy" type="button" data-copy="address" aria-label="Copy the address" hidden>Copy</button></span>
    <span class="connection" id="connection" data-state="connecting"><span class="dot" aria-hidden="true"></span><span role="status" id="connection-word">Connecting</span><span id="connection-seconds" aria-hidden="true"></span></span>
    <button class="button" type="button" id="pause" aria-pressed="false" aria-keyshortcuts="Space"><span id="pause-word">Pause</span><kbd aria-hidden="true">Space</kbd></button>
  </div>
</header>`

function tile(id: string, label: string, more = ''): string {
  return `<div class="tile" id="tile-${id}"><dt>${label}</dt><dd class="value" id="${id}">–</dd><dd class="below" id="${id}-below">&nbsp;</dd>${more}</div>`
}

const spark = `<dd class="spark"><svg id="spark" role="img" aria-label="Events per second, last minute" viewBox="0 0 120 40" preserveAspectRatio="none"><path class="area" d=""></path><path class="trace" d="" vector-effect="non-scaling-stroke"></path></svg></dd>`

const tiles = `
<section aria-labelledby="now-title">
  <h2 class="hidden-text" id="now-title">Now</h2>
  <dl class="tiles">
    ${tile('rate', 'Events per second', spark)}
    ${tile('waiting', 'Waiting')}
    ${tile('stored', 'Stored')}
    ${tile('quarantined', 'Quarantined')}
    ${tile('buffer', 'Buffer')}
    ${tile('ledger', 'Ledger')}
  </dl>
</section>`

function snippet(id: string, label: string): string {
  return `<div class="snippet" id="${id}-box"><p class="snippet-label">${label}</p><button class="copy" type="button" data-copy="${id}" aria-label="Copy: ${label}">Copy</button><pre class="code" id="${id}" tabindex="0"></pre></div>`
}

const guide = `
<section class="card guide" id="guide" aria-labelledby="guide-title" hidden>
  <h2 id="guide-title"></h2>
  <p class="muted" id="guide-lead"></p>
  <div class="steps" id="guide-steps">
    ${snippet('snippet-add', 'Make a source')}
    ${snippet('snippet-curl', 'Send one event by hand')}
    ${snippet('snippet-browser', 'In a browser: @segment/analytics-next')}
    ${snippet('snippet-server', 'On a server: @segment/analytics-node')}
  </div>
</section>`

const sourceColumns = ['Received', 'Stored', 'Duplicates', 'Flagged', 'Quarantined', 'Waiting', 'Per second']

const sources = `
<section id="sources" aria-labelledby="sources-title" hidden>
  <div class="heading"><h2 id="sources-title">Sources</h2><p class="muted">Choose one to see only its events.</p></div>
  <div class="card scroll" role="region" aria-labelledby="sources-title" tabindex="0">
    <table class="sources">
      <thead><tr><th scope="col">Source</th><th scope="col">Platform</th><th scope="col">State</th>${sourceColumns.map((name) => `<th scope="col" class="number">${name}</th>`).join('')}</tr></thead>
      <tbody id="source-rows"></tbody>
    </table>
  </div>
</section>`

const events = `
<section id="events" aria-labelledby="events-title">
  <div class="heading">
    <h2 id="events-title">Events</h2>
    <div class="filters" role="search" aria-label="Filter the events">
      <input class="field" id="filter-text" type="search" placeholder="Filter by text" aria-label="Filter by text" aria-keyshortcuts="/" autocomplete="off" autocapitalize="off" spellcheck="false">
      <select class="field" id="filter-source" aria-label="Source"><option value="">All sources</option></select>
      <select class="field" id="filter-verdict" aria-label="Verdict"><option value="">All verdicts</option><option>stored</option><option>duplicate</option><option>flagged</option><option>quarantined</option></select>
    </div>
  </div>
  <div class="card">
    <table class="events">
      <caption class="hidden-text">The newest events, newest first</caption>
      <thead><tr><th scope="col" class="time">Time</th><th scope="col" class="wide source">Source</th><th scope="col" class="wide type">Type</th><th scope="col">Name</th><th scope="col" class="wide user">User</th><th scope="col" class="verdict">Verdict</th></tr></thead>
      <tbody id="event-rows"></tbody>
    </table>
    <div class="empty" id="events-empty"><p id="events-empty-text">Connecting …</p><button class="button small" type="button" id="filter-clear" hidden>Clear the filter</button></div>
  </div>
  <div class="under"><p class="muted" id="events-count"></p><p class="ask muted">Ask for more: <code id="ask">millpond query "select * from millpond.source_counts"</code><button class="copy" type="button" data-copy="ask" aria-label="Copy the command">Copy</button></p></div>
</section>`

const letters = `
<section id="dead-letters" aria-labelledby="letters-title">
  <div class="heading"><h2 id="letters-title">Dead letters</h2><p class="muted">Events that were kept out of their tables; nothing of them is lost.</p></div>
  <div class="card">
    <ul class="letters" id="letter-rows"></ul>
    <div class="empty" id="letters-empty"><p>None. Everything that arrived could be read.</p></div>
  </div>
</section>`
