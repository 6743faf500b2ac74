// Saved cohorts. Times are microseconds since the epoch, UTC.

export const cohorts = `
  CREATE TABLE cohorts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES principals (id),
    audience TEXT NOT NULL CHECK (audience IN ('everybody', 'owner')),
    -- JSON: a point of a question, a saved query, or ids.
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
