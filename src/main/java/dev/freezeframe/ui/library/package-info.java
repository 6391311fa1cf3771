/// The library of experiments: table, search, space, verification, and the doctor's page.
package dev.freezeframe.ui.library;
