"""How large a scenario may be. Checked on the sizes declared, before anything is allocated."""

MAX_FILE_BYTES = 32 * 2**20
MAX_LAYERS = 256
MAX_UNITS = 100_000
MAX_PARAMETERS = 20_000_000
"""160 MB of float64: the state and one gradient still fit a student's laptop."""
MAX_DATA_NUMBERS = 20_000_000
MAX_CSV_BYTES = 32 * 2**20
MAX_COLUMNS = MAX_UNITS
MAX_SAMPLES = 1_000_000
"""Of a data set that is made, not read."""
MAX_CLASSES = 1_000
MAX_RECORD_NUMBERS = 100_000_000
"""Numbers of one iteration's record: batch size × all units, several arrays each."""
MAX_NESTING = 16
MAX_STEPS = 2**63 - 1
"""A step number is a signed 64-bit integer in every consumer; a longer walk is refused."""
