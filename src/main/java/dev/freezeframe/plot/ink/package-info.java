/// What charts are painted with: an ink and its colours, the inks of PNG and SVG, and files of what is painted. Knows no toolkit.
package dev.freezeframe.plot.ink;
