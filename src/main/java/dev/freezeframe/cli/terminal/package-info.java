/// How commands read and print: arguments of several commands, terminal, JSON lines, log, errors in one line.
package dev.freezeframe.cli.terminal;
