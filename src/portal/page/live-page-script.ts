// The live page's script, put together. It is plain browser JavaScript in strings, because the page has no build step;
// each part is one file and defines the functions that its name says. String.raw keeps what is written what runs.
// The parts may not contain backticks, or the end tag of a script.
//
//   /api/live ──► stream ──┬─ events ──► feed ──► table of events      (drawn at most 4 times a second)
//                          └─ status ──► board ─► tiles, banners, sources
//   /api/dead-letters ────────────────► letters ─► list with Replay
import { boardScript } from './script-board.ts'
import { feedScript } from './script-feed.ts'
import { lettersScript } from './script-letters.ts'
import { sourcesScript } from './script-sources.ts'
import { streamScript } from './script-stream.ts'
import { toolsScript } from './script-tools.ts'

const mainScript = String.raw`
const feed = createFeed({ sourceChosen: (name) => chooseSource(name) })
const letters = createLetters()
const sources = createSources({
  sourceChosen: (name) => chooseSource(name),
  namesChanged: (names) => feed.setSourceNames(names),
})
const board = createBoard()

function chooseSource(name) {
  feed.setSource(name)
  sources.markChosen(name)
}

watchCopyButtons()
createStream({
  opened: () => {
    feed.reopened()
    sources.refresh()
    letters.refresh()
  },
  events: (events) => feed.add(events),
  status: (status) => {
    const rates = board.show(status)
    sources.show(status, rates)
    letters.watch(status)
  },
})
`

export const livePageScript = [
  '(function () {',
  "'use strict'",
  toolsScript,
  streamScript,
  boardScript,
  sourcesScript,
  feedScript,
  lettersScript,
  mainScript,
  '})()',
].join('\n')
