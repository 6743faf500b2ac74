// Dashboards that are mailed by the clock, and each mail. Times are microseconds since the epoch, UTC.

export const reports = `
  CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL REFERENCES principals (id),
    -- JSON.
    definition TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE report_mails (
    report TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    -- The time that it is of; of one that was asked for by hand: when.
    due_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'left-out', 'failed')),
    attempts INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- What was wrong; of one that was sent: which tiles were.
    note TEXT NOT NULL,
    PRIMARY KEY (report, due_at, route)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX report_mails_to_send ON report_mails (next_try_at) WHERE state = 'queued';
`
