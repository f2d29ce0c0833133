"""The simulated nation: a made-up Great Britain that talks to the platform only through its public HTTP API.

`world` is the country itself (towns, roads, agencies, vehicles, journeys, its clock); `anpr` is one sense on it (cameras,
misreads, payloads); `session` founds the nation on a running platform, fills its past and keeps it alive.
A later sense (incidents, officers, stations) is a new package beside `anpr` that reads the same world.
"""
