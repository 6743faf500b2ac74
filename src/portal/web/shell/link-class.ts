// A link that looks like a button: it goes somewhere, and can be opened in another tab.
export const linkClass =
  'inline-flex min-h-7 items-center gap-1.5 rounded-md border border-line bg-card px-2.5 font-medium whitespace-nowrap text-text hover:bg-sunken'
