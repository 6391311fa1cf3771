package dev.freezeframe.qemu.profile;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a machine is to find on this computer, and how strictly. A value.
///
/// @param media the files that a recorded machine read; empty for a fresh one
/// @param acceptChangedMedia start also when one of them is not the recorded one
/// @param kept labels of arguments whose files are used as they are named, also by a restored machine
public record OutsideTerms(List<MediaFile> media, boolean acceptChangedMedia, Set<String> kept) {
    /// A fresh machine's.
    static final OutsideTerms FRESH = new OutsideTerms(List.of(), false, Set.of());

    public OutsideTerms {
        media = List.copyOf(media);
        kept = Set.copyOf(kept);
    }

    OutsideTerms withMedia(List<MediaFile> others) {
        return new OutsideTerms(others, acceptChangedMedia, kept);
    }

    OutsideTerms withAcceptChangedMedia(boolean accept) {
        return new OutsideTerms(media, accept, kept);
    }

    OutsideTerms withKept(Set<String> labels) {
        return new OutsideTerms(media, acceptChangedMedia, labels);
    }

    Optional<MediaFile> recorded(String role) {
        return media.stream().filter(each -> each.role().equals(role)).findFirst();
    }
}
