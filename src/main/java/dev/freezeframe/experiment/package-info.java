/// A recorded run: its configuration, its life from the first checkpoint to the last, its metrics, and the
/// benchmarks over it. The only place where capture meets dedup and store.
package dev.freezeframe.experiment;
