"""Several machines under a load of people, of which one part after another is killed, frozen or replaced."""
