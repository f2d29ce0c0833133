"""What lies under the platform's own layers on a map: roads, streets, names, as the installation has them."""
