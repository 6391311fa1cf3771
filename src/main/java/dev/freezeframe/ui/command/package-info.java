/// What the user can do, each thing once, and the palette that finds it. Nothing here knows what a command is about.
package dev.freezeframe.ui.command;
