/** In the words of RFC 6749 §5.2 and RFC 6750 §3.1, which client libraries know. */
export class OidcError extends Error {
  override name = 'OidcError'
  readonly error:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_grant'
    | 'invalid_scope'
    | 'invalid_token'
    | 'unsupported_grant_type'
    | 'unsupported_response_type'

  constructor(error: OidcError['error'], message: string) {
    super(message)
    this.error = error
  }
}
