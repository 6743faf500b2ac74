// What is kept about people who are looked at: notes, and who looked. `person`: one of their ids, as `kind:id`; who belongs
// together is found when it is asked, so a note lives on when two become one.

export const people = `
  CREATE TABLE notes (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    author TEXT NOT NULL REFERENCES principals (id),
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX notes_of_person ON notes (person, created_at);

  CREATE TABLE receipts (
    person TEXT NOT NULL,
    viewer TEXT NOT NULL REFERENCES principals (id),
    -- '' = none was given.
    reason TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (person, viewer, reason, first_at)
  ) STRICT, WITHOUT ROWID;
`
