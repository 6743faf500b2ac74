// Dashboards with every version that was saved. Times are microseconds since the epoch, UTC.

export const dashboards = `
  CREATE TABLE dashboards (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES principals (id),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dashboard_versions (
    dashboard TEXT NOT NULL REFERENCES dashboards (id),
    version INTEGER NOT NULL,
    -- JSON: parameters, zone, tiles, refreshSeconds.
    content TEXT NOT NULL,
    saved_by TEXT NOT NULL REFERENCES principals (id),
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (dashboard, version)
  ) STRICT, WITHOUT ROWID;
`
