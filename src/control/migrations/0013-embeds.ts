// Dashboards that may stand in pages of others.

export const embeds = `
  CREATE TABLE embeds (
    dashboard TEXT PRIMARY KEY REFERENCES dashboards (id) ON DELETE CASCADE,
    -- With whose rights its tiles ask.
    principal TEXT NOT NULL REFERENCES principals (id),
    -- JSON array of origins.
    origins TEXT NOT NULL,
    -- Signs what stands in the address; sealed.
    secret TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
