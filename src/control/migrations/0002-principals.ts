// Principals, their tokens and keys, and what they may see. Tokens of before belong to the owner of the data folder.

export const principals = `
  CREATE TABLE principals (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'service', 'owner')),
    handle TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    -- JSON object: name -> text or array of texts.
    attributes TEXT NOT NULL,
    -- One a principal: in SCRAM the server names the salt before it can know which token will come.
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- Rows stay: the history of queries names them.
    removed_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX handle_of_principal ON principals (handle) WHERE removed_at IS NULL;

  INSERT INTO principals (id, kind, handle, role, attributes, salt, iterations, created_at)
  VALUES ('owner', 'owner', 'owner', 'admin', '{}', randomblob(16), 4096, CAST(unixepoch('subsec') * 1000000 AS INTEGER));

  CREATE TABLE new_tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    principal TEXT NOT NULL REFERENCES principals (id),
    hash TEXT NOT NULL UNIQUE,
    -- SCRAM-SHA-256. NULL of tokens of before, until they are used once: only then the secret is at hand.
    stored_key BLOB,
    server_key BLOB,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_tokens (id, name, principal, hash, created_at, last_used_at, revoked_at)
  SELECT id, name, 'owner', hash, created_at, last_used_at, revoked_at FROM tokens;
  DROP TABLE tokens;
  ALTER TABLE new_tokens RENAME TO tokens;
  CREATE INDEX tokens_of_principal ON tokens (principal);

  -- Service-account keys: the private half is never kept.
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL REFERENCES principals (id),
    public_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE grants (
    grantee TEXT NOT NULL,
    dataset TEXT NOT NULL,
    table_name TEXT NOT NULL,
    privilege TEXT NOT NULL CHECK (privilege IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (grantee, dataset, table_name, privilege)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE masks (
    dataset TEXT NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('nothing', 'hash', 'default', 'last4')),
    -- JSON array of handles.
    exempt TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, table_name, column_name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE filters (
    dataset TEXT NOT NULL,
    table_name TEXT NOT NULL,
    predicate TEXT NOT NULL,
    exempt TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, table_name)
  ) STRICT, WITHOUT ROWID;
`
