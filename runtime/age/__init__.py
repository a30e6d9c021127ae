"""The file format of age (age-encryption.org/v1) for backups: what `age` writes is read here, and the reverse."""
