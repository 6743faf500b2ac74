// How the live page looks: header, tiles, tables, chips; one column of hairlines and much space. Below 760 px the wide
// columns go and their content moves under the event's name.
export const livePageStyle = `
html { scroll-behavior: smooth; scroll-padding-top: 72px }
.skip { position: absolute; left: -9999px }
.skip:focus { left: 16px; top: 12px; z-index: 3; padding: 6px 12px; background: var(--card); border-radius: 8px }
.top { position: sticky; top: 0; z-index: 2; background: var(--card); border-bottom: 1px solid var(--line) }
.inside, main, footer { max-width: 1216px; margin: 0 auto; padding: 0 24px }
.inside { display: flex; align-items: center; gap: 12px; height: 56px }
.inside img { display: block; flex: none }
.top h1 { min-width: 0; overflow: hidden; text-overflow: ellipsis; font-size: 15px; font-weight: 600; letter-spacing: -.01em }
.address { display: flex; align-items: center; gap: 4px; min-width: 0; margin-inline-end: auto; padding-inline-start: 12px; border-inline-start: 1px solid var(--line); color: var(--muted) }
.address code { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.connection { display: flex; align-items: center; gap: 7px; color: var(--muted); white-space: nowrap }
.dot { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--line-strong) }
.connection[data-state='live'] .dot { background: var(--good) }
.connection[data-state='lost'] .dot { background: var(--bad); animation: breathe 1.4s ease-in-out infinite }
.connection[data-state='lost'] { color: var(--bad) }
@keyframes breathe { 50% { opacity: .35 } }
kbd { padding: 0 5px; border: 1px solid var(--line); border-radius: 4px; background: var(--sunken); color: var(--muted); font-size: 11px; line-height: 16px }
#pause[aria-pressed='true'] { background: var(--accent); border-color: var(--accent); color: var(--accent-text) }
#pause[aria-pressed='true'] kbd { display: none }
.copy { padding: 1px 7px; border: 0; border-radius: 6px; background: none; color: var(--accent); font-size: 12px; font-weight: 500; cursor: pointer }
.copy:hover { background: var(--accent-soft) }

main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 36px; padding-top: 28px; padding-bottom: 40px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow) }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; margin-bottom: 12px }
.heading h2, .guide h2 { font-size: 15px; font-weight: 600; letter-spacing: -.01em }
#banners { display: grid; gap: 10px }
#banners:empty { display: none }
.banner { padding: 12px 16px; border-radius: 10px; border: 1px solid currentColor; overflow-wrap: anywhere }
.banner strong { display: block; font-weight: 600 }
.banner span { color: var(--text) }
.banner.bad { background: var(--bad-soft); color: var(--bad) }
.banner.warn { background: var(--warn-soft); color: var(--warn) }

.tiles { display: grid; grid-template-columns: 1.9fr repeat(5, 1fr); gap: 1px; margin: 0; overflow: hidden; background: var(--line); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow) }
.tile { position: relative; min-width: 0; padding: 16px 18px 14px; background: var(--card) }
.tile dt { color: var(--muted); font-size: 13px }
.tile dd { margin: 0 }
.value { margin-top: 2px !important; font-size: 24px; font-weight: 600; line-height: 1.3; letter-spacing: -.02em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.below { color: var(--muted); font-size: 12.5px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.tile.good .value { color: var(--good) }
.tile.warn .value { color: var(--warn) }
.tile.bad .value, .tile.bad .below { color: var(--bad) }
#tile-rate { padding-inline-end: 52% }
.spark { position: absolute; inset: 18px 18px 16px 50% }
.spark { border-bottom: 1px solid var(--line) }
.spark svg { display: block; width: 100%; height: 100%; overflow: visible }
.area { fill: var(--accent-soft) }
.trace { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round }

.guide { padding: 24px }
.steps { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px 24px; margin-top: 20px }
.steps.known > #snippet-curl-box { grid-column: 1 / -1 }
.snippet { position: relative }
.snippet-label { margin-bottom: 6px; font-weight: 500 }
.snippet .copy { position: absolute; top: -1px; inset-inline-end: 0; font-size: 12.5px }

table { width: 100%; border-collapse: collapse }
th { padding: 9px 12px; color: var(--muted); font-size: 12.5px; font-weight: 500; text-align: start; white-space: nowrap; border-bottom: 1px solid var(--line) }
td { padding: 8px 12px; border-bottom: 1px solid var(--line); text-align: start }
tbody tr:last-child > * { border-bottom: 0 }
tbody th { padding-block: 8px; color: inherit; font-size: inherit }
th:first-child, td:first-child { padding-inline-start: 18px }
th:last-child, td:last-child { padding-inline-end: 18px }
.number { text-align: end }
.zero { color: var(--muted) }
.scroll { overflow-x: auto }
.sources tbody tr { cursor: pointer }
.sources tbody tr:hover, .events tbody tr.event:hover { background: var(--sunken) }
.sources tbody tr.chosen { background: var(--accent-soft) }
.plain { display: block; border-radius: 4px; max-width: 100%; padding: 0; border: 0; background: none; text-align: start; font-weight: inherit; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.plain:focus-visible { outline-offset: 4px; overflow: visible }
.sources .plain { max-width: 240px; font-weight: 500 }
.sources td:not(:first-child) { white-space: nowrap }
.state { display: inline-flex; align-items: center; gap: 7px }
.state .dot { width: 6px; height: 6px }
.state.active .dot { background: var(--good) }
.count-bad { color: var(--bad) }
.count-warn { color: var(--warn) }

.heading:has(.filters) { align-items: center }
.filters { display: flex; flex-wrap: wrap; gap: 8px; margin-inline-start: auto }
.filters .field { max-width: 180px }
.filters input.field { width: 200px; max-width: none }
.events { table-layout: fixed }
.events .time { width: 132px }
.events .source { width: 116px }
.events .type { width: 84px }
.events .user { width: 196px }
.events .verdict { width: 256px }
.event { cursor: pointer }
.event td { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.event .plain { display: inline-flex; align-items: center; gap: 8px; font-family: var(--mono); font-size: 12.5px; color: var(--muted); overflow: visible }
.event .plain::before { content: ''; flex: none; width: 5px; height: 5px; border: solid currentColor; border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); transition: transform .12s }
.event.open .plain::before { transform: rotate(45deg) }
.event.open td { border-bottom-color: transparent }
.event.fresh td { animation: fresh 1.2s ease-out }
@keyframes fresh { from { background: var(--accent-soft) } }
.event .name { font-weight: 500 }
.line { overflow: hidden; text-overflow: ellipsis }
.sub { display: none; color: var(--muted); font-size: 12px }
.sub span { font-family: var(--mono); font-size: 11.5px }
.chip { display: inline-block; padding: 0 8px; border-radius: 999px; font-size: 12px; font-weight: 500; line-height: 20px; background: var(--sunken); color: var(--muted) }
.chip.stored { background: var(--good-soft); color: var(--good) }
.chip.flagged { background: var(--warn-soft); color: var(--warn) }
.chip.quarantined { background: var(--bad-soft); color: var(--bad) }
.reason { margin-inline-start: 8px; color: var(--muted); font-size: 12.5px }
.details td { padding-top: 0; padding-bottom: 16px }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; margin: 4px 0 12px; font-size: 12.5px }
.facts dt { color: var(--muted) }
.facts dd { margin: 0; overflow-wrap: anywhere }
.framed { position: relative }
.note { margin-bottom: 6px; color: var(--muted); font-size: 12.5px }
.json .code { max-height: 420px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.json .copy { position: absolute; top: 6px; inset-inline-end: 14px; background: var(--card); border: 1px solid var(--line) }
.empty { display: grid; justify-items: center; gap: 12px; padding: 44px 20px; text-align: center; color: var(--muted) }
.under { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; margin-top: 10px; font-size: 12.5px }
.ask { overflow-wrap: anywhere }

.letters { margin: 0; padding: 0; list-style: none }
.letter { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 16px; padding: 12px 18px; border-bottom: 1px solid var(--line) }
.letter:last-child { border-bottom: 0 }
.letter-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; min-width: 0; overflow-wrap: anywhere }
.letter-head .why { font-weight: 500 }
.letter-head time { font-family: var(--mono); font-size: 12.5px; color: var(--muted) }
.letter > .button { grid-column: 2; grid-row: 1 / span 2; align-self: center }
.letter .result { grid-column: 1 / -1; font-size: 13px }
.result.good { color: var(--good) }
.result.bad { color: var(--bad) }
.letter details { grid-column: 1; min-width: 0; color: var(--muted); font-size: 12.5px }
.letter details[open] { grid-column: 1 / -1 }
.letter summary { cursor: pointer; width: fit-content; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.letter details .code { margin-top: 8px; max-height: 320px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; color: var(--text) }
footer { padding-bottom: 40px; color: var(--muted); font-size: 12.5px; overflow-wrap: anywhere }

@media (max-width: 1020px) {
  .tiles { grid-template-columns: repeat(5, 1fr) }
  #tile-rate { grid-column: 1 / -1; padding-inline-end: 72% }
  .spark { inset-inline-start: 32% }
  .events .user { width: 128px }
  .events .verdict { width: 200px }
}
@media (max-width: 760px) {
  .inside, main, footer { padding-left: 16px; padding-right: 16px }
  main { gap: 28px; padding-top: 16px }
  .address, #pause kbd { display: none }
  .connection { margin-inline-start: auto }
  .connection[data-state='live'] #connection-word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .tiles { grid-template-columns: 1fr 1fr }
  #tile-rate { padding-inline-end: 55% }
  .spark { inset-inline-start: 48% }
  #tile-ledger { grid-column: 1 / -1 }
  .tile { padding: 12px 14px }
  .value { font-size: 21px }
  .spark { inset-inline-end: 14px }
  .guide { padding: 18px 16px }
  .filters { width: 100%; margin: 0 }
  .filters .field { flex: 1 1 130px; max-width: none; min-width: 0 }
  .filters input.field { flex-basis: 100%; width: auto }
  th:first-child, td:first-child { padding-inline-start: 14px }
  th:last-child, td:last-child { padding-inline-end: 14px }
  td, th { padding-inline-end: 6px }
  .wide, .sources td:nth-child(2), .sources thead th:nth-child(2) { display: none }
  .steps { grid-template-columns: minmax(0, 1fr) }
  .events .time { width: 34px }
  th.time { font-size: 0 }
  .event time { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .event .plain { padding: 8px 12px 24px; margin: -8px -12px -24px }
  .events .verdict { width: 116px }
  .state > :last-child { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .scroll { position: relative }
  .sub { display: block }
  .reason { display: block; margin: 2px 0 0; font-size: 11.5px; overflow: hidden; text-overflow: ellipsis }
  .event td { vertical-align: top }
  .letter { padding: 12px 14px; grid-template-columns: minmax(0, 1fr) }
  .letter > .button { grid-column: 1; grid-row: auto; justify-self: start; margin-top: 4px }
}
`
