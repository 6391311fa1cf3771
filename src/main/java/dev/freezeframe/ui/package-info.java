/// The JavaFX workbench: the window itself, its menus, its status bar and what it remembers between starts. Nothing below
/// knows that it exists. View models live in `ui.model` and never see a control; long work goes through `ui.task`.
package dev.freezeframe.ui;
