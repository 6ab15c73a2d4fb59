"""The pretend clock: simulate, test and forecast with the same engine that runs live."""
