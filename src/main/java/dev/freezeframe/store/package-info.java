/// The H2 chunk store and catalog: packs, page maps, experiments, checkpoints, retention, verification. This package is its face;
/// the rooms below are `model` (values), `pack` (chunks), `lock` (who may when), `catalog` (H2 and SQL), `upkeep`.
///
/// [dev.freezeframe.store.Store] is the way in. A chunk is written once, in a pack ([dev.freezeframe.store.pack.PackDraft]);
/// [dev.freezeframe.store.model.ChunkId] numbers it for good. A [dev.freezeframe.store.model.PageMap] says which chunk each page of an
/// image holds; it is kept as a key map or as the difference to the checkpoint before. RAM, the device state and each disk are
/// an image of a checkpoint; an [dev.freezeframe.store.pack.ImageReader] reads one anywhere. No chunk counts its users: collection
/// marks what the page maps name and sweeps the rest.
///
/// Experiments leave and enter a store as [dev.freezeframe.store.model.ImportedCheckpoint], by an
/// [dev.freezeframe.store.ExperimentReader] and an [dev.freezeframe.store.IncomingExperiment];
/// [dev.freezeframe.store.ImportChecks] says what may enter.
package dev.freezeframe.store;
