package dev.freezeframe.store.model;

import dev.freezeframe.base.ShownText;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/// What people wrote about a checkpoint: a note and some tags. Immutable; what is too long or no tag is refused with one
/// line for the user.
///
/// @param note text of any kind, empty if there is none
/// @param tags short words
public record Annotation(String note, SortedSet<String> tags) {
    /// Characters in a note.
    public static final int MAX_NOTE_LENGTH = 4000;
    /// Characters in a tag.
    public static final int MAX_TAG_LENGTH = 40;
    /// Tags of a checkpoint.
    public static final int MAX_TAGS = 32;
    /// Nothing was written.
    public static final Annotation NONE = new Annotation("", Collections.emptySortedSet());

    /// @throws IllegalArgumentException with a line for the user
    public Annotation {
        if (note.length() > MAX_NOTE_LENGTH) {
            throw new IllegalArgumentException("a note of " + note.length() + " characters is too long: at most "
                    + MAX_NOTE_LENGTH + " are kept");
        }
        if (note.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a note cannot contain the character NUL");
        }
        if (tags.size() > MAX_TAGS) {
            throw new IllegalArgumentException(
                    tags.size() + " tags are too many: a checkpoint has at most " + MAX_TAGS);
        }
        tags.forEach(Annotation::checkTag);
        // in one order whatever the comparator was
        SortedSet<String> sorted = new TreeSet<>();
        sorted.addAll(tags);
        tags = Collections.unmodifiableSortedSet(sorted);
    }

    /// An annotation with these tags, given in any order.
    public static Annotation of(String note, Collection<String> tags) {
        return new Annotation(note, new TreeSet<>(tags));
    }

    /// Checks what a person typed as a tag.
    ///
    /// @throws IllegalArgumentException with a line for the user
    public static void checkTag(String tag) {
        if (tag.isEmpty() || tag.length() > MAX_TAG_LENGTH || !tag.codePoints().allMatch(Annotation::isInTag)) {
            String shown = tag.length() > MAX_TAG_LENGTH ? tag.substring(0, MAX_TAG_LENGTH) + "…" : tag;
            throw new IllegalArgumentException("\"" + ShownText.marked(shown) + "\" is no tag: a tag is one"
                    + " word of 1 to " + MAX_TAG_LENGTH + " letters, digits, '-', '_', '.', ':', '+' or '/'");
        }
    }

    private static boolean isInTag(int letter) {
        return Character.isLetterOrDigit(letter) || "-_.:+/".indexOf(letter) >= 0;
    }

    /// Whether nothing was written.
    public boolean isEmpty() {
        return note.isEmpty() && tags.isEmpty();
    }

    /// The same tags with another note.
    public Annotation withNote(String other) {
        return new Annotation(other, tags);
    }

    /// The same with one more tag.
    public Annotation withTag(String tag) {
        SortedSet<String> more = new TreeSet<>(tags);
        more.add(tag);
        return new Annotation(note, more);
    }

    /// The same without a tag, if it has it.
    public Annotation withoutTag(String tag) {
        SortedSet<String> fewer = new TreeSet<>(tags);
        fewer.remove(tag);
        return new Annotation(note, fewer);
    }
}
