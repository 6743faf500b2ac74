// Who was erased, by hashes, and what others were asked about it. Times are microseconds since the epoch, UTC.

export const erasures = `
  CREATE TABLE erasures (
    id TEXT PRIMARY KEY,
    erased_at INTEGER NOT NULL,
    -- Null: in every dataset.
    dataset TEXT,
    -- JSON: hashes of the ids.
    persons TEXT NOT NULL,
    rows INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE erasure_asks (
    erasure TEXT NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
    -- Id; the name is kept for when the destination is gone.
    destination TEXT NOT NULL,
    destination_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'not-asked', 'given-up')),
    -- Whom, sealed; '' once nobody has to know it any more.
    person TEXT NOT NULL,
    -- Why not, or what the other side said last.
    note TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    settled_at INTEGER,
    PRIMARY KEY (erasure, destination)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX erasure_asks_waiting ON erasure_asks (next_at) WHERE state = 'waiting';
  CREATE TABLE backups (
    folder TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
