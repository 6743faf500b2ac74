// Saved queries with their versions, schedules and their runs. Times are microseconds since the epoch, UTC.

export const queries = `
  CREATE TABLE queries (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    folder TEXT NOT NULL,
    description TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES principals (id),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- Rows stay: schedules and runs name them.
    removed_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX name_of_query ON queries (folder, name) WHERE removed_at IS NULL;

  CREATE TABLE query_versions (
    query TEXT NOT NULL REFERENCES queries (id),
    version INTEGER NOT NULL,
    -- JSON: dialect, SQL, parameters, zone.
    content TEXT NOT NULL,
    saved_by TEXT NOT NULL REFERENCES principals (id),
    saved_at INTEGER NOT NULL,
    verified_by TEXT REFERENCES principals (id),
    verified_at INTEGER,
    PRIMARY KEY (query, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES principals (id),
    -- JSON: query, cron, zone, parameters, target, tests, bounds.
    definition TEXT NOT NULL,
    -- JSON array of dataset.table: what the query read when it was looked at last.
    reads TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    -- Times up to this one have their runs, or were left out on purpose.
    planned_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX name_of_schedule ON schedules (name) WHERE removed_at IS NULL;

  -- The id is made of schedule, cause, run time and parameter set: none of them can be there twice.
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    schedule TEXT NOT NULL REFERENCES schedules (id),
    kind TEXT NOT NULL CHECK (kind IN ('write', 'expand')),
    cause TEXT NOT NULL,
    run_time INTEGER NOT NULL,
    -- JSON object: the values of this run alone (for-each).
    parameter_set TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'skipped')),
    attempt INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    -- Of a retry: not before.
    waits_until INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    -- JSON: what is known of it: version, values, rows, bytes, error, warnings.
    facts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX open_runs ON runs (state, run_time) WHERE state IN ('queued', 'running');
  CREATE INDEX runs_of_schedule ON runs (schedule, run_time);
`
