"""From the bytes of a log to entries: what surrounds a record, what is read leniently, and which way a request went."""
