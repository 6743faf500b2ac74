// What the pages that the server writes are dressed in: colours for light and dark, type, buttons, inputs, code boxes.
// Every text colour has a contrast of at least 4.5 on the grounds that it is used on.
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #fafafa;
  --card: #ffffff;
  --sunken: #f4f5f6;
  --line: #e4e6e9;
  --line-strong: #8b929c;
  --text: #16181d;
  --muted: #5b6270;
  --accent: #0b6573;
  --accent-text: #ffffff;
  --accent-soft: #e3f3f5;
  --good: #17713a;
  --good-soft: #e6f5ea;
  --warn: #885200;
  --warn-soft: #fdf1d9;
  --bad: #b3261e;
  --bad-soft: #fdeceb;
  --shadow: 0 1px 2px rgb(16 24 40 / 5%);
  --mono: ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0b0d0f;
    --card: #121518;
    --sunken: #191d21;
    --line: #262b31;
    --line-strong: #6b737e;
    --text: #e9ebee;
    --muted: #9aa2ad;
    --accent: #56c7d4;
    --accent-text: #06262b;
    --accent-soft: #10292e;
    --good: #5fce85;
    --good-soft: #10281a;
    --warn: #e9b44c;
    --warn-soft: #2e230d;
    --bad: #ff8f85;
    --bad-soft: #331614;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box }
[hidden] { display: none !important }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 14px/1.5 var(--sans);
  font-variant-numeric: tabular-nums;
  -webkit-font-smoothing: antialiased;
}
h1, h2, h3, p { margin: 0; font: inherit }
a { color: var(--accent); text-underline-offset: 3px }
code, pre, kbd { font-family: var(--mono); font-size: 12.5px }
button, input, select { font: inherit; color: inherit }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.button {
  display: inline-flex; align-items: center; justify-content: center; gap: 8px;
  min-height: 32px; padding: 4px 12px;
  border: 1px solid var(--line); border-radius: 8px; background: var(--card);
  font-weight: 500; white-space: nowrap; cursor: pointer; box-shadow: var(--shadow);
}
.button:hover { background: var(--sunken) }
.button:disabled { color: var(--muted); cursor: default; background: var(--sunken) }
.button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-text) }
.button.primary:hover { filter: brightness(1.08) }
.button.small { min-height: 26px; padding: 1px 9px; font-size: 12.5px; border-radius: 7px }
.field {
  min-height: 32px; padding: 4px 10px;
  border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card);
}
.field::placeholder { color: var(--muted); opacity: 1 }
.field:focus-visible { outline-offset: 0 }
.code {
  margin: 0; padding: 12px 14px; overflow-x: auto;
  background: var(--sunken); border: 1px solid var(--line); border-radius: 8px;
  line-height: 1.6; white-space: pre;
}
.muted { color: var(--muted) }
.hidden-text {
  position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0;
}
@media (pointer: coarse) {
  .button, .field { min-height: 40px }
  .button.small { min-height: 34px }
  .field { font-size: 16px }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; scroll-behavior: auto !important }
}
`
