"""The pytest plugin: nothing to switch on; a failed ``assert_egress`` prints the walk and not its own lines."""
