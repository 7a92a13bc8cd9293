"""The lessons as web pages: shown by a server on this machine, or written as a static site."""
