"""What the pages for operators tell people to do is done, on a machine of its own."""
