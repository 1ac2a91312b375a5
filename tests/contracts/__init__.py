"""What each seam means: one class of tests that every home of it passes."""
