/// A recorded run: its options, its life from the first checkpoint to the last, its budget. The only place where capture meets
/// dedup and store.
package dev.freezeframe.record;
