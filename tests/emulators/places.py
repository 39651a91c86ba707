"""What the files of the seed share."""

FIRST = "111122223333"
SECOND = "444455556666"
# An account that nobody audits: it owns one bucket and one key that the first account uses.
STRANGER = "777788889999"

EAST, EAST2, WEST = REGIONS = ("us-east-1", "us-east-2", "us-west-2")
# Listed as not opted in by the fault proxy.
OFF = "ap-south-2"

# What one emulator does not have, beside those in seed.py.
NAMES = "query logs of Route 53 Resolver"
BOUNDARIES = "the boundaries of roles in the list of all rights"

# In answers of the emulators, where tokens may stand; it must stay out of everything.
CANARY = "farwatch-canary-of-a-token"
