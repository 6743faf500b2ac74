// Tokens that end by themselves. Those of before, and those for machines, have no end.

export const tokenExpiry = `
  ALTER TABLE tokens ADD COLUMN expires_at INTEGER;
`
