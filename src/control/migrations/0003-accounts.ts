// Logins of people, their sessions and invitations, more roles, the audit log, and the outbox that carries rows into the warehouse.
//
// `logins`, `accounts`, `sessions` and `verifications` are better-auth's: its column names, its times (ISO texts). A login has the
// id of its principal, so nobody has two.

export const accounts = `
  -- Made anew, for two reasons: roles are checked in code from now on, and whoever is disabled stays, with everything of theirs.
  CREATE TABLE new_principals (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'service', 'owner')),
    handle TEXT NOT NULL,
    role TEXT NOT NULL,
    attributes TEXT NOT NULL,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    disabled_at INTEGER
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_principals (id, kind, handle, role, attributes, salt, iterations, created_at, removed_at)
  SELECT id, kind, handle, role, attributes, salt, iterations, created_at, removed_at FROM principals;
  DROP TABLE principals;
  ALTER TABLE new_principals RENAME TO principals;
  CREATE UNIQUE INDEX handle_of_principal ON principals (handle) WHERE removed_at IS NULL;

  CREATE TABLE logins (
    id TEXT PRIMARY KEY REFERENCES principals (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    emailVerified INTEGER NOT NULL,
    image TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
  ) STRICT;

  -- Ways in: a password (providerId 'credential'), Google, GitHub.
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    accountId TEXT NOT NULL,
    providerId TEXT NOT NULL,
    userId TEXT NOT NULL REFERENCES logins (id) ON DELETE CASCADE,
    accessToken TEXT,
    refreshToken TEXT,
    idToken TEXT,
    accessTokenExpiresAt TEXT,
    refreshTokenExpiresAt TEXT,
    scope TEXT,
    password TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    UNIQUE (providerId, accountId)
  ) STRICT;
  CREATE INDEX accounts_of_login ON accounts (userId);

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    expiresAt TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    ipAddress TEXT,
    userAgent TEXT,
    userId TEXT NOT NULL REFERENCES logins (id) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX sessions_of_login ON sessions (userId);

  CREATE TABLE verifications (
    id TEXT PRIMARY KEY,
    identifier TEXT NOT NULL,
    value TEXT NOT NULL,
    expiresAt TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL
  ) STRICT;
  CREATE INDEX verifications_of_identifier ON verifications (identifier);

  -- One a principal: a newer one takes the place of the older.
  CREATE TABLE invitations (
    principal TEXT PRIMARY KEY REFERENCES principals (id),
    hash TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- What administrators did. Rows are never changed.
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    actor_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    -- JSON object.
    details TEXT NOT NULL
  ) STRICT;

  -- Rows on their way to stream engine; they go when the stream has them. The row holds an id, by which the screen knows a repetition.
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    row_table TEXT NOT NULL,
    row TEXT NOT NULL
  ) STRICT;
`
