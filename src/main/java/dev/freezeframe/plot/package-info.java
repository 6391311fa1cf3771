/// Charts: axes, scales, colours, and each chart, painted with an ink that is a screen, a PNG or an SVG. Knows no toolkit.
package dev.freezeframe.plot;
