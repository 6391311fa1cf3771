/// Charts, painted with an ink that is a screen, a PNG or an SVG: axes, scales, colours, and each chart. Knows no toolkit.
package dev.freezeframe.plot;
