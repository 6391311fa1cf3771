/// Machines and profiles: their lists in the sidebar, console, screen and the editor of profiles.
package dev.freezeframe.ui.machine;
