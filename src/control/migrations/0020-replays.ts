// Events of the past that are sent to a destination once more. Times are microseconds since the epoch, UTC.

export const replays = `
  CREATE TABLE replays (
    id TEXT PRIMARY KEY,
    destination TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    -- JSON: which events, how fast.
    wish TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('counting', 'counted', 'running', 'done', 'cancelled')),
    -- JSON: what was counted, and what became of them; of what isn't known yet nothing.
    counted TEXT,
    ran TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX replays_at_work ON replays (destination) WHERE state IN ('counting', 'running');
`
