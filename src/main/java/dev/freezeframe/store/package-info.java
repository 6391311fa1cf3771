/// The H2 chunk store and catalog: packs, page maps, experiments, checkpoints, retention, verification.
/// The only package that speaks SQL.
package dev.freezeframe.store;
