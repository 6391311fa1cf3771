/// The JavaFX workbench. Nothing below knows that it exists.
package dev.freezeframe.ui;
