"""A plugin whose import fails, as that of one does whose own dependency is missing."""

raise RuntimeError("the flux capacitor is missing")
