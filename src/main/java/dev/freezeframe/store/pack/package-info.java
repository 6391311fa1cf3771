/// Chunks and their packs: hashed, gathered, compressed, read back and checked.
package dev.freezeframe.store.pack;
