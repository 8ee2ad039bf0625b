"""Who plays what, and how: styles, figures, textures, instruments and expression."""
