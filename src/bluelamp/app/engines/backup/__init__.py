"""Backup and restore of everything the platform keeps. What makes it consistent: docs/decisions/0023-backup-order.md."""
