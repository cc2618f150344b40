"""What helps to test with meshegress, and to test meshegress: strategies, a pytest plugin, conformance."""
