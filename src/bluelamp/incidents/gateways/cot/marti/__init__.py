"""What TAK clients ask over HTTPS, at the addresses that they know."""
