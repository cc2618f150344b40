"""What follows from comparing two tables: where they answer differently, for whom, and because of what.

The partition says where to look, the walk says what is there: requests fall into cells on which both tables are
constant, each cell has a witness, and :meth:`meshegress.Egress.decide` decides it on both sides. No answer is computed
by other code. What a log has seen is replayed the same way: each distinct request is decided, none is guessed.
"""
