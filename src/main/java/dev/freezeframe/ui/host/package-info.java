/// The doctor's page.
package dev.freezeframe.ui.host;
