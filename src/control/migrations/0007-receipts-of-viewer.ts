// Whom somebody looked at lately is asked whenever they open the list of people.

export const receiptsOfViewer = `
  CREATE INDEX receipts_of_viewer ON receipts (viewer, last_at);
`
