// Headers that intake sets for the engine on piped requests; whatever a client sends under these names is dropped.

export const clientAddressHeader = 'x-millpond-client-address'
export const clientSchemeHeader = 'x-millpond-client-scheme'
