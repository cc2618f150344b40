"""Results in the formats that people and machines read: one place for all verbs that find something."""
