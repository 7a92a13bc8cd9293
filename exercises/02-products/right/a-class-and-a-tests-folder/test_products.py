def test_nothing_here():
    """The tests are in the folder tests."""
