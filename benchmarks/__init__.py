"""What the library claims about its speed, measured beside what it claims to beat: ``python -m benchmarks``."""
