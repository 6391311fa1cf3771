/// Brings a checkpoint back: memory image out of packs, a new machine from image and device state.
///
/// A bundle is an experiment in a file of its own: [dev.freezeframe.restore.BundleExport] writes it,
/// [dev.freezeframe.restore.BundleImport] takes it into another store, and what it looks like is told at `BundleFormat`.
package dev.freezeframe.restore;
