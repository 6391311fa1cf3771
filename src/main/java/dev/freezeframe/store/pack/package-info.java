/// Chunks and their packs, and pieces of logs: hashed, gathered, compressed, read back and checked.
package dev.freezeframe.store.pack;
