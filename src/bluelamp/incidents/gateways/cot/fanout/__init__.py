"""Events to whoever may see them: written once a protocol, joined once a tick, the same bytes to all who keep up."""
