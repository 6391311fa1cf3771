/// Colours and style sheets. The sheets themselves are in `assets/theme`.
package dev.freezeframe.ui.theme;
