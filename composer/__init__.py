"""Turn an image into music that a composer can keep editing."""

__version__ = "0.1.0"
