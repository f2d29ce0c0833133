"""Encryption at rest: objects sealed with data keys, data keys wrapped by a key that the deployer holds (docs/encryption.md)."""
