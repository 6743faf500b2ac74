// Who has verified a version of a saved query: everybody who did. A column held only the last, so that whoever came later took away what a
// schedule stood on. `query_versions.verified_by` and `verified_at` are of before, and read by nobody.

export const queryVerifications = `
  CREATE TABLE query_verifications (
    query TEXT NOT NULL,
    version INTEGER NOT NULL,
    principal TEXT NOT NULL REFERENCES principals (id),
    verified_at INTEGER NOT NULL,
    PRIMARY KEY (query, version, principal),
    FOREIGN KEY (query, version) REFERENCES query_versions (query, version)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO query_verifications (query, version, principal, verified_at)
  SELECT query, version, verified_by, verified_at FROM query_versions WHERE verified_by IS NOT NULL;
`
