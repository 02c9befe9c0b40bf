"""How long the texts of users may be, in characters: the columns, the API and the back office all take it from here."""

MAXIMUM_USERNAME = 150
MAXIMUM_EMAIL = 320
MAXIMUM_LOGIN = MAXIMUM_EMAIL  # a username or an address
MAXIMUM_FULL_NAME = 200
MAXIMUM_BIO = 10_000
