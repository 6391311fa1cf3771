/// The command line: picocli commands, one class each, and how they print. Knows every layer below it
/// except {@code ui}; holds no logic that another caller could want.
package dev.freezeframe.cli;
