"""Which combinations of conditions one text can meet, each with a shortest text that does."""
