/// Profiles: their list, the editor, and starting a machine from one.
package dev.freezeframe.ui.profile;
