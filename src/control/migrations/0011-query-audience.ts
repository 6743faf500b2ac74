// Who finds, reads and runs a saved query: everybody who is signed in, or its owner (and administrators).

export const queryAudience = `
  ALTER TABLE queries ADD COLUMN audience TEXT NOT NULL DEFAULT 'everybody' CHECK (audience IN ('everybody', 'owner'));
`
