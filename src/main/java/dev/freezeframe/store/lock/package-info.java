/// Who may do what when: one process for a store, writers beside deletions, checkpoints that somebody reads.
package dev.freezeframe.store.lock;
