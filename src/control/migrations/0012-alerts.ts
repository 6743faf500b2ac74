// Alerts with their states and what became of them, routes, and messages on their way. Times are microseconds since the epoch, UTC.

export const alerts = `
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL REFERENCES principals (id),
    -- JSON.
    definition TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    muted_until INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE alert_states (
    alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    grp TEXT NOT NULL,
    -- JSON: state, sinceMicros, heldCount, value, error, toldAtMicros.
    state TEXT NOT NULL,
    PRIMARY KEY (alert, grp)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE alert_changes (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    -- JSON.
    change TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_of_alert ON alert_changes (alert, id);

  CREATE TABLE alert_routes (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- JSON object of what isn't secret.
    settings TEXT NOT NULL,
    -- Sealed.
    secrets TEXT NOT NULL,
    -- JSON list.
    secret_names TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE alert_messages (
    id TEXT NOT NULL,
    route TEXT NOT NULL,
    alert TEXT NOT NULL,
    -- JSON.
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    sent_at INTEGER,
    failed_at INTEGER,
    error TEXT NOT NULL,
    PRIMARY KEY (id, route)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX messages_to_send ON alert_messages (next_try_at) WHERE sent_at IS NULL AND failed_at IS NULL;
`
