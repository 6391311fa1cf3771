package dev.freezeframe.store.model;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.StoreException.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/// Everything that the catalog keeps of one checkpoint, taken apart to travel from one store to another. A value; nothing
/// in it is checked before [dev.freezeframe.store.ImportChecks] has seen it.
///
/// Chunks are numbered anew for the way: those of the experiment follow each other, from [#FIRST_CHUNK] on.
///
/// @param number      counts from 1 within the experiment
/// @param pageClasses empty for a checkpoint that was stored before classes were
public record ImportedCheckpoint(int number, CheckpointMetrics metrics, Annotation annotation,
        Optional<Picture> picture,
        Optional<List<ClassPart>> pageClasses, List<ImageParts> images) {
    /// The number of the first chunk on its way. Smaller ones would be no [ChunkId].
    public static final long FIRST_CHUNK = ChunkId.MAX_SLOTS;

    public ImportedCheckpoint {
        pageClasses = pageClasses.map(List::copyOf);
        images = List.copyOf(images);
    }

    /// The same with other numbers for its chunks.
    ///
    /// @param ids gives the new number of each but [ChunkId#ZERO]
    /// @throws StoreException if a page map is damaged
    public ImportedCheckpoint withChunks(LongUnaryOperator ids) throws StoreException {
        List<ImageParts> renumbered = new ArrayList<>();
        for (ImageParts image : images) {
            int pages = (int) ((image.lengthBytes + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
            List<MapPart> map = new ArrayList<>();
            for (MapPart part : image.map) {
                try {
                    PageMapCodec.Piece piece = PageMapCodec.renumber(
                            new PageMapCodec.Piece(part.entries, part.encodedBytes, part.content), pages,
                            id -> id == ChunkId.ZERO ? ChunkId.ZERO : ids.applyAsLong(id));
                    map.add(new MapPart(piece.entries(), piece.encodedBytes(), piece.content()));
                } catch (CorruptionException e) {
                    throw new StoreException(Reason.DAMAGED, "checkpoint " + number + ": " + e.getMessage(), e);
                }
            }
            renumbered.add(new ImageParts(image.name, image.lengthBytes, image.base, map));
        }
        return new ImportedCheckpoint(number, metrics, annotation, picture, pageClasses, renumbered);
    }

    /// A map of page classes as the store keeps it.
    public static List<PageClassCodec.Piece> pieces(List<ClassPart> parts) {
        return parts.stream().map(part -> new PageClassCodec.Piece(part.runs(), part.pages(), part.encodedBytes(),
                part.content())).toList();
    }

    /// One image, as the difference to the image of the same name of an earlier checkpoint.
    ///
    /// @param base number of that checkpoint; empty where the map is whole
    public record ImageParts(String name, long lengthBytes, Optional<Integer> base, List<MapPart> map) {
        public ImageParts {
            map = List.copyOf(map);
        }
    }

    /// A part of a page map, as [PageMapCodec] writes it.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record MapPart(int entries, int encodedBytes, byte[] content) {}

    /// A part of the map of page classes, as [dev.freezeframe.store.model.PageClassCodec] writes it.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record ClassPart(int runs, long pages, int encodedBytes, byte[] content) {}
}
