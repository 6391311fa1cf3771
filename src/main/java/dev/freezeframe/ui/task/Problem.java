package dev.freezeframe.ui.task;

/// Something that went wrong and that the user is to know.
///
/// @param title   what was being done, such as "Delete tiny-linux-20261122-101500"
/// @param message one line: what failed, why, and what to do
public record Problem(String title, String message) {

    /// What to say about a failure; the messages of our own exceptions are made for people.
    public static Problem of(String title, Throwable cause) {
        String message = cause.getMessage();
        return new Problem(title, message == null || message.isBlank()
                ? cause.getClass().getSimpleName() + "; the log has more"
                : message);
    }
}
