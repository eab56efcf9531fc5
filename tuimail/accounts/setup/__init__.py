"""A new account: proposed, proven at its servers, and only then saved. No screen; commands and screens share it.

proposal  what is known so far, each field as typed; from what discovery found, or empty
settings  a proposal as settings of the config, and what is wrong with its fields; pure
proving   signs in to its servers
wording   sentences on it that command and screen share; pure
advice    what a refused sign-in means at a provider, and what to do; pure
saving    its password goes to a store, its settings to the config; both or neither, and undone
removal   the other way round
"""
