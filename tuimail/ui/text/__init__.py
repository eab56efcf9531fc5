"""Text in terminal cells: widths, grapheme clusters, what may be typed. Pure."""
