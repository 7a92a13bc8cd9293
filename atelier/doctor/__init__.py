"""What a machine and a project need, looked at one by one: ready, to fix, or to ask for."""
