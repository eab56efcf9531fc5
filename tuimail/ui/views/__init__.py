"""What the screens say: pure functions from values to lines and words."""
