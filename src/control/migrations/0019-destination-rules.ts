// What a destination's owner says about events before they go, and every version of it: the ledger names the one that an event
// went with.

export const destinationRules = `
  ALTER TABLE destinations ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE destination_versions (
    destination TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    sources TEXT NOT NULL,
    -- JSON object of what isn't secret.
    settings TEXT NOT NULL,
    rules TEXT NOT NULL,
    -- Handle at that time; '' = before versions were kept.
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (destination, version)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO destination_versions
    SELECT id, version, sources, settings, rules, '', changed_at FROM destinations;
`
