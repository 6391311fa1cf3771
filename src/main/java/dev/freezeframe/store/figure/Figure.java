package dev.freezeframe.store.figure;

/// One line of a table of figures: what is measured, its unit, and what it is called wherever it is written.
public sealed interface Figure permits CheckpointFigure, DiskFigure {
    /// What it is called in files.
    Names names();

    /// Its column in the catalog.
    default String column() {
        return names().column();
    }

    /// Its column in CSV files: that of the catalog, but for figures that were named before.
    default String csv() {
        return names().csv();
    }

    /// In JSON lines. A dot separates an object from its field.
    default String json() {
        return names().json();
    }

    /// The name of its field in JSON lines, without the object that the field may be in.
    default String field() {
        return json().substring(json().lastIndexOf('.') + 1);
    }

    /// In a bundle's files. A dot separates an object from its field.
    default String bundle() {
        return names().bundle();
    }

    /// What it counts.
    Unit unit();

    /// The heading of its column for people.
    String title();

    /// One sentence for people.
    String explanation();

    /// The format of the store from which on it is kept; what is older has 0.
    int sinceFormat();

    /// Whether it follows from others, so that it is written for people and programs but not kept.
    boolean derived();

    /// What a figure counts, which says how it is written for people, its type in the catalog, and its range.
    enum Unit {
        MILLIS, MICROS,
        /// Recorded by a version that went by the computer's clock while that was set back, they are below zero.
        PHASE_MICROS, TICKS, ROUNDS, PAGES, BLOCKS, BYTES,
        /// Counted from the guest's start, so nobody adds them up.
        INSTRUCTIONS;

        /// So that sums over an experiment stay in range.
        private static final long MOST = (1L << 45) - 1;

        private boolean isSmall() {
            return this == TICKS || this == ROUNDS;
        }

        /// Whether a figure may have this value.
        public boolean inRange(long value) {
            long size = this == PHASE_MICROS ? Math.abs(value) : value;
            return size >= 0 && size <= (isSmall() ? Integer.MAX_VALUE : this == INSTRUCTIONS ? Long.MAX_VALUE : MOST);
        }

        /// Its type in SQL.
        public String sqlType() {
            return isSmall() ? "INT" : "BIGINT";
        }
    }

    /// What a figure is called in files.
    record Names(String column, String csv, String json, String bundle) {
        /// From `pages_of_disk`: the same, the same, `pagesOfDisk`, `pagesOfDisk`.
        static Names of(String column) {
            return new Names(column, column, camelCase(column), camelCase(column));
        }

        /// A phase of the pause stands in an object of its own.
        static Names ofPhase(String column, String field) {
            return new Names(column, column, "phaseMicros." + field, "phaseMicros." + field);
        }

        /// What happens before the pause stands in an object of its own, in bundles only.
        static Names ofPreCopy(String column, String csv, String field) {
            return new Names(column, csv, camelCase(csv), "preCopy." + field);
        }

        private static String camelCase(String words) {
            StringBuilder name = new StringBuilder();
            boolean upper = false;
            for (int i = 0; i < words.length(); i++) {
                char c = words.charAt(i);
                if (c != '_') {
                    name.append(upper ? Character.toUpperCase(c) : c);
                }
                upper = c == '_';
            }
            return name.toString();
        }
    }
}
