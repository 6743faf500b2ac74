// Destinations: services that collected events are passed on to. `secrets`: sealed (secret-box.ts).

export const destinations = `
  CREATE TABLE destinations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    -- JSON list; empty: all of them.
    sources TEXT NOT NULL,
    -- JSON object of what isn't secret.
    settings TEXT NOT NULL,
    secrets TEXT NOT NULL,
    -- JSON list.
    secret_names TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
