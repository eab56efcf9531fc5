"""OAuth 2 (RFC 6749) for mail servers: the user signs in at the provider, the program gets tokens.

sign_in            what a face uses: by a redirect to this machine with PKCE (RFC 8252, RFC 7636), or by a device code
access_tokens      what the servers use: the access token of an account, renewed before it expires
device             the device code flow (RFC 8628)
provider           an account's authorization server: its endpoints, and who the program is there
metadata           the endpoints, from the server's metadata (RFC 8414, OpenID) or the config
registration       the program registers itself (RFC 7591)
redirect_listener  receives the redirect on 127.0.0.1
token_requests     requests to the token endpoint
grant_store        the refresh token, in the store for passwords
token_answers      answers of the token endpoint; pure
redirect_address   the address of a redirect; pure
refresh_lock       one renewal at a time, across processes
https              bounded requests over HTTPS
values             endpoints, clients, grants, and errors

The access token is only in memory, the refresh token only in the store. oauthlib is imported when a flow needs it.
"""
