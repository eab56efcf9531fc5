"""What the tests lean on: real servers, scripted servers, certificates."""
