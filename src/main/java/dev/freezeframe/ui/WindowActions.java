package dev.freezeframe.ui;

/// What only the window itself can do, for those who have a button or a menu item for it.
interface WindowActions {
    /// Has the user choose a folder, and opens the store in it.
    void openStore();

    /// Changes between light and dark.
    void toggleTheme();

    /// Closes the window, after asking when machines run.
    void close();
}
