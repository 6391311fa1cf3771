/// An experiment in a file of its own: [dev.freezeframe.bundle.BundleExport] writes it, [dev.freezeframe.bundle.BundleImport]
/// takes it into another store, and what it looks like is told at `BundleFormat`.
package dev.freezeframe.bundle;
