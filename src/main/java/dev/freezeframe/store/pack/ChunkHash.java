package dev.freezeframe.store.pack;

import dev.freezeframe.store.model.ChunkId;
import java.nio.ByteBuffer;
import net.openhft.hashing.Access;
import net.openhft.hashing.LongTupleHashFunction;

/// The 128-bit hash that finds equal chunks, part of the store's format. Equal contents have equal hashes; nothing relies on
/// the other direction unless the user asked to trust hashes.
@FunctionalInterface
public interface ChunkHash {
    /// Hashes the 4096 bytes at `position`.
    ///
    /// @param contents little endian, which saves turning every word around
    /// @param result   two longs, low half first
    void hash(ByteBuffer contents, int position, long[] result);

    /// XXH128 (XXH3 family, Y. Collet), straight from the memory of the buffer.
    static ChunkHash xxh128() {
        LongTupleHashFunction function = LongTupleHashFunction.xx128();
        // not hashBytes(ByteBuffer…): that reaches into java.base, which the module system forbids
        Access<ByteBuffer> access = Access.toByteBuffer();
        return (contents, position, result) -> function.hash(contents, access, position, ChunkId.CHUNK_BYTES, result);
    }
}
