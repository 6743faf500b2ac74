// Programs that people sign in to with their account here (OpenID Connect): who they are, and what was given out to them.

export const oidc = `
  CREATE TABLE oidc_clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- JSON array, compared letter by letter.
    redirects TEXT NOT NULL,
    -- Null: it can't keep a secret (an app, a page), and has none.
    secret_hash TEXT,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- What one sign-in has led to. Ended: nothing that came of it is worth anything.
  CREATE TABLE oidc_grants (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    principal TEXT NOT NULL REFERENCES principals (id),
    scope TEXT NOT NULL,
    -- JSON: redirect, nonce, challenge, authAtMicros.
    asked TEXT NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE oidc_tokens (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'access', 'refresh')),
    grant_id TEXT NOT NULL REFERENCES oidc_grants (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX oidc_tokens_of_grant ON oidc_tokens (grant_id);

  -- The newest signs; older ones are shown as long as something that they have signed may be good.
  CREATE TABLE oidc_keys (
    id TEXT PRIMARY KEY,
    public_jwk TEXT NOT NULL,
    -- Private half; sealed.
    sealed TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
