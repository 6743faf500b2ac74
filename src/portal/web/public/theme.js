// Runs before the first paint, so that nobody who chose a theme sees the other one flash by.
try {
  const chosen = localStorage.getItem('millpond.theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage can be forbidden; then the system's theme stands.
}
