// Sources, every write key ever issued, tokens, and one-time codes. Times are microseconds since the epoch, UTC.

export const sourcesAndTokens = `
  CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    platform TEXT NOT NULL CHECK (platform IN ('client', 'server')),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Keys are never deleted: a rotated one still arrives from old apps, and its events must be kept.
  CREATE TABLE write_keys (
    write_key TEXT PRIMARY KEY,
    source TEXT NOT NULL REFERENCES sources (source),
    issued_at INTEGER NOT NULL,
    rotated_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX current_key_of_source ON write_keys (source) WHERE rotated_at IS NULL;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin')),
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE one_time_codes (
    hash TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    redeemed_at INTEGER
  ) STRICT, WITHOUT ROWID;
`
