package dev.freezeframe.plot;

/// Which stretch of time all charts show: everything, the newest part of a recording as it moves on, or what the user chose.
/// Knows no control and no clock; seconds count from the start of the experiment.
public final class TimeWindow {
    /// While a recording is followed, about so many checkpoints are in view.
    private static final int FOLLOWED_CHECKPOINTS = 120;
    private static final double LEAST_FOLLOWED_SECONDS = 20;
    /// Room at the right of the newest checkpoint, as a share of what is shown.
    private static final double MARGIN = 0.015;
    private static final double SHORTEST_SECONDS = 0.05;

    public enum Mode {
        ALL, FOLLOW, FIXED
    }

    private Mode mode = Mode.ALL;
    private double end = 1;
    private double intervalSeconds = 1;
    private boolean live;
    /// What is shown while following, chosen by zooming; 0 for the usual length.
    private double followed;
    private double from;
    private double to = 1;

    public TimeWindow() {
        place();
    }

    /// Begins anew with another experiment.
    public void begin(boolean isLive) {
        live = isLive;
        followed = 0;
        end = 0;
        mode = isLive ? Mode.FOLLOW : Mode.ALL;
        place();
    }

    /// Says whether the experiment is being recorded now.
    public void setLive(boolean isLive) {
        if (live != isLive) {
            live = isLive;
            if (isLive && mode == Mode.ALL) {
                mode = Mode.FOLLOW;
            } else if (!isLive && mode == Mode.FOLLOW) {
                // the picture stands still when the recording ends
                mode = from <= 0 ? Mode.ALL : Mode.FIXED;
            }
            place();
        }
    }

    /// Says how far the experiment has come.
    public void reach(double lastSeconds, double checkpointEverySeconds) {
        end = lastSeconds;
        intervalSeconds = checkpointEverySeconds;
        place();
    }

    private double longest() {
        return Math.max(end, Math.max(2 * intervalSeconds, SHORTEST_SECONDS)) * (1 + 2 * MARGIN);
    }

    private double followedLength() {
        double wanted = followed > 0
                ? followed
                : Math.max(LEAST_FOLLOWED_SECONDS, FOLLOWED_CHECKPOINTS * intervalSeconds);
        return Math.min(wanted, Math.max(longest(), 10 * intervalSeconds));
    }

    private void place() {
        switch (mode) {
            case ALL -> {
                to = longest();
                from = -to * MARGIN;
            }
            case FOLLOW -> {
                double length = followedLength();
                to = Math.max(end * 1 + length * MARGIN, length * (1 - MARGIN));
                from = to - length;
            }
            case FIXED -> {
            }
        }
    }

    public double from() {
        return from;
    }

    public double to() {
        return to;
    }

    public double length() {
        return to - from;
    }

    public Mode mode() {
        return mode;
    }

    public boolean isLive() {
        return live;
    }

    /// Shows everything.
    public void all() {
        mode = Mode.ALL;
        place();
    }

    /// Moves on with the recording.
    public void follow() {
        mode = Mode.FOLLOW;
        followed = 0;
        place();
    }

    /// Shows less or more around a moment that stays where it is.
    ///
    /// @param factor of the length shown: less than 1 zooms in
    public void zoom(double factor, double around) {
        double length = Math.clamp(length() * factor, SHORTEST_SECONDS, Math.max(longest(), SHORTEST_SECONDS));
        if (mode == Mode.FOLLOW) {
            followed = length;
            place();
            return;
        }
        if (length >= longest() * (1 - 1e-9)) {
            all();
            return;
        }
        double share = length / length();
        mode = Mode.FIXED;
        from = around - (around - from) * share;
        to = from + length;
        keepInside();
    }

    /// Moves along by so many seconds.
    public void pan(double seconds) {
        if (mode == Mode.ALL || seconds == 0) {
            return;
        }
        double length = length();
        boolean toTheEnd = live && seconds > 0 && to + seconds >= end + length * MARGIN;
        if (toTheEnd) {
            followed = length;
            mode = Mode.FOLLOW;
            place();
            return;
        }
        mode = Mode.FIXED;
        from += seconds;
        to = from + length;
        keepInside();
    }

    private void keepInside() {
        double length = length();
        from = Math.max(-longest() * MARGIN, Math.min(from, longest() - length));
        to = from + length;
    }

    /// Moves so far that this moment is in view, if it is not.
    public void reveal(double second) {
        if (mode == Mode.FIXED && (second < from || second > to)) {
            double length = length();
            from = second - length / 2;
            to = from + length;
            keepInside();
        } else if (mode == Mode.FOLLOW && second < from) {
            double length = length();
            mode = Mode.FIXED;
            from = second - length / 2;
            to = from + length;
            keepInside();
        }
    }
}
