"""What is measured, apart from the tests: nothing here is asserted but that nothing is lost."""
