/// The JavaFX workbench: the window itself, its menus, its status bar and what it remembers between starts. Nothing below
/// knows that it exists. Each feature has a package with its views, models and dialogs; a class whose name ends in `Model` never
/// sees a control, is used on the JavaFX thread only, and reads from the engine by `ui.task`.
package dev.freezeframe.ui;
