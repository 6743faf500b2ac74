// The editor: CodeMirror, made once; what changes from outside reaches it through compartments and transactions.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState, Prec, type Text } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers, type ViewUpdate } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react'

import { type KnownTable, sqlLanguage } from './completion.ts'
import type { Dialect } from './search.ts'
import type { Finding } from './use-estimate.ts'

export interface EditorHandle {
  /** At the cursor, in place of what is selected; the editor has the focus then. */
  insert: (text: string) => void
}

interface EditorProps {
  readonly ref?: Ref<EditorHandle>
  readonly label: string
  readonly text: string
  readonly dialect: Dialect
  readonly tables: readonly KnownTable[]
  readonly findings: readonly Finding[]
  readonly changed: (text: string) => void
  readonly run: () => void
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--color-keyword)', fontWeight: '500' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--color-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--color-number)' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: 'var(--color-muted)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--color-keyword)' },
])

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--color-card)', color: 'var(--color-text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', fontSize: '13px', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--color-accent)', padding: '10px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--color-accent)' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--color-muted)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--color-accent-soft)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--color-card)',
    border: '1px solid var(--color-line)',
    borderRadius: '6px',
    color: 'var(--color-text)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--color-accent)',
    color: 'var(--color-on-accent)',
  },
})

export function Editor(props: EditorProps) {
  const { text, dialect, tables, findings, label } = props
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const language = useRef(new Compartment())
  const latest = useRef(props)
  const isTypingName = useRef(false)
  latest.current = props

  useEffect(() => {
    if (place.current === null) return undefined
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: extensionsOf(latest, isTypingName, language.current, label),
      }),
    })
    view.current = made
    made.focus()
    return () => made.destroy()
  }, [label])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined) return
    editor.dispatch({ effects: language.current.reconfigure(sqlLanguage(dialect, tables)) })
    // Columns are asked for once their table is named, and may come later than what was typed of them.
    if (isTypingName.current && editor.hasFocus) startCompletion(editor)
  }, [dialect, tables, label])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined || editor.state.doc.toString() === text) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } })
  }, [text])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined) return
    const marks = findings.map((finding) => diagnosticOf(finding, editor.state.doc))
    editor.dispatch(setDiagnostics(editor.state, marks))
  }, [findings, label])

  useImperativeHandle(props.ref, () => ({
    insert(inserted) {
      const editor = view.current
      editor?.dispatch(editor.state.replaceSelection(inserted))
      editor?.focus()
    },
  }))

  return <div ref={place} className="h-full min-h-0 overflow-hidden" />
}

function extensionsOf(
  latest: { readonly current: EditorProps },
  isTypingName: { current: boolean },
  language: Compartment,
  label: string,
) {
  const run = (): boolean => {
    latest.current.run()
    return true
  }
  return [
    Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
    EditorView.cspNonce.of(document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? ''),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.changed(update.state.doc.toString())
      if (update.docChanged || update.selectionSet) isTypingName.current = typesName(update)
    }),
    lineNumbers(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false }),
    syntaxHighlighting(colours),
    look,
    language.of(sqlLanguage(latest.current.dialect, latest.current.tables)),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
  ]
}

function typesName({ state, transactions }: ViewUpdate): boolean {
  const { head } = state.selection.main
  return (
    transactions.some((transaction) => transaction.isUserEvent('input.type')) &&
    /[\p{L}\p{N}_]$/u.test(state.sliceDoc(Math.max(0, head - 1), head))
  )
}

/** The word at the place; a finding about a text that has changed since may lie behind its end. */
function diagnosticOf({ line, column, message, isError }: Finding, doc: Text): Diagnostic {
  const { from: start, to: end, text } = doc.line(Math.min(Math.max(1, line), doc.lines))
  const from = Math.min(start + Math.max(0, column - 1), end)
  const word = /^(?:[\p{L}\p{N}_]+|.)/u.exec(text.slice(from - start))?.[0] ?? ''
  return { from, to: from + word.length, message, severity: isError ? 'error' : 'warning' }
}
