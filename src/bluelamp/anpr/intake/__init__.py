"""The way of a plate read into the platform: door -> gateway -> resolve -> group commit (pictures, stream) -> answer."""
