// What sources have promised to send: every version that was ever in force, and the one that is.

export const trackingPlans = `
  CREATE TABLE tracking_plans (
    source TEXT NOT NULL REFERENCES sources (source),
    version INTEGER NOT NULL,
    -- JSON.
    plan TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (source, version)
  ) STRICT, WITHOUT ROWID;

  -- Null: nothing is promised, nothing is looked at.
  ALTER TABLE sources ADD COLUMN plan INTEGER;
`
