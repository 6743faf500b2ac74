// Which version of a dashboard an administrator has let into pages of others: later ones are shown if an administrator saved them.

export const embedVersions = `
  ALTER TABLE embeds ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
`
