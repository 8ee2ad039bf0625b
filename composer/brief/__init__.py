"""Image -> Brief. The only owner of OpenCV, which is given arrays only, never a file."""

import os

from composer.limits import IMAGE_PIXELS

# OpenCV reads this once, when it is loaded; it stands here so that it is said before any module loads it.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(IMAGE_PIXELS))
