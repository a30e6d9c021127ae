"""Files of people: how they come in, where their bytes are, how they go out."""
